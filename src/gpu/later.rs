//! A value that a callback delivers, as a future.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// What has been delivered, and who waits for it.
struct Inner<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// Whether the sender is gone.
    closed: bool,
}

/// Delivers one value.
pub struct Sender<T>(Arc<Mutex<Inner<T>>>);

/// The two ends: whatever is sent is what the future returns, or `None` if the sender is dropped without.
pub fn later<T>() -> (Sender<T>, impl Future<Output = Option<T>>) {
    let inner = Arc::new(Mutex::new(Inner { value: None, waker: None, closed: false }));
    let sender = Sender(inner.clone());
    let receiver = poll_fn(move |context| {
        let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.value.take() {
            Some(value) => Poll::Ready(Some(value)),
            None if inner.closed => Poll::Ready(None),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    (sender, receiver)
}

impl<T> Sender<T> {
    /// Delivers the value.
    pub fn send(self, value: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).value = Some(value);
        // Dropping wakes.
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.closed = true;
        let waker = inner.waker.take();
        // The one who is woken may lock at once.
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_arrives_whenever_it_is_waited_for() {
        let (sender, receiver) = later();
        sender.send(7);
        assert_eq!(pollster::block_on(receiver), Some(7));
        let (sender, receiver) = later();
        let waiting = std::thread::spawn(|| pollster::block_on(receiver));
        sender.send(8);
        assert_eq!(waiting.join().expect("waiting does not panic"), Some(8));
    }

    #[test]
    fn who_waits_for_a_sender_that_is_gone_hears_of_it() {
        let (sender, receiver) = later::<u8>();
        drop(sender);
        assert_eq!(pollster::block_on(receiver), None);
    }
}
