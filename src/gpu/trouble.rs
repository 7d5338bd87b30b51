//! What goes wrong on a device after it has been opened, to be waited for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct Report {
    reason: Option<String>,
    waker: Option<Waker>,
}

/// The first thing that goes wrong on a device, in words: a future that stays pending as long as all goes well.
#[derive(Clone, Default)]
pub struct Trouble(Arc<Mutex<Report>>);

impl Trouble {
    /// Listens to a device: its loss, and errors that no scope catches.
    pub fn of(device: &wgpu::Device) -> Self {
        let trouble = Self::default();
        let (lost, failed) = (trouble.clone(), trouble.clone());
        device.set_device_lost_callback(move |_, message| {
            let why = message.trim().trim_end_matches('.');
            lost.tell(if why.is_empty() { "the graphics device was lost".to_owned() } else { why.to_owned() });
        });
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| failed.tell(error.to_string())));
        trouble
    }

    /// Whether something has gone wrong.
    pub fn is_there(&self) -> bool {
        self.report().reason.is_some()
    }

    fn tell(&self, reason: String) {
        let mut report = self.report();
        report.reason.get_or_insert(reason);
        if let Some(waker) = report.waker.take() {
            waker.wake();
        }
    }

    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        // The report is whole at every moment, so a panic elsewhere cannot have broken it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Trouble {
    type Output = String;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        let mut report = self.report();
        match &report.reason {
            Some(reason) => Poll::Ready(reason.clone()),
            None => {
                report.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_the_one_that_is_told() {
        let trouble = Trouble::default();
        assert!(!trouble.is_there());
        let teller = trouble.clone();
        let waiting = std::thread::spawn(move || pollster::block_on(trouble));
        teller.tell("one".to_owned());
        teller.tell("two".to_owned());
        assert_eq!(waiting.join().expect("the waiting thread ends"), "one");
        assert!(teller.is_there());
    }
}
