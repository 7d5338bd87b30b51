//! Finding a graphics processor, and what it reports when something goes wrong.

use super::GpuError;
use super::later::later;
use std::sync::{Arc, Mutex, PoisonError};
use wgpu::{DeviceType, ErrorFilter, PowerPreference};

/// An open graphics processor.
pub struct Gpu {
    /// Where it came from.
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "reports are natively only"))]
    instance: wgpu::Instance,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    software: bool,
    trouble: Arc<Mutex<Trouble>>,
}

/// What was reported outside of any call.
#[derive(Default)]
struct Trouble {
    /// Why the device is gone.
    lost: Option<String>,
    /// What nobody asked for and went wrong first.
    error: Option<String>,
}

impl Gpu {
    /// Opens the strongest graphics processor there is, or a software one where there is no other.
    pub async fn open() -> Result<Self, GpuError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options =
            wgpu::RequestAdapterOptions { power_preference: PowerPreference::HighPerformance, ..Default::default() };
        let adapter = instance.request_adapter(&options).await;
        let adapter = adapter.map_err(|error| GpuError::NoAdapter(reason(&error)))?;
        let info = adapter.get_info();
        let able = adapter.limits();
        // The least that every adapter has, and as much memory as this one has.
        let required_limits = wgpu::Limits {
            max_buffer_size: able.max_buffer_size,
            max_storage_buffer_binding_size: able.max_storage_buffer_binding_size,
            ..wgpu::Limits::downlevel_defaults()
        };
        let asked = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
        let opened = adapter.request_device(&asked).await;
        let (device, queue) = opened.map_err(|error| GpuError::NoAdapter(error.to_string()))?;
        let trouble = Arc::new(Mutex::new(Trouble::default()));
        let losing = trouble.clone();
        device.set_device_lost_callback(move |_, why| {
            losing.lock().unwrap_or_else(PoisonError::into_inner).lost.get_or_insert(why);
        });
        let failing = trouble.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            failing.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(error.to_string());
        }));
        // Browsers may say nothing of the adapter.
        let name = if info.name.is_empty() { "WebGPU".to_owned() } else { info.name };
        let software = info.device_type == DeviceType::Cpu || name.contains("SwiftShader") || name.contains("llvmpipe");
        Ok(Self { instance, device, queue, name, software, trouble })
    }

    /// What the system calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a program on the ordinary processor, and so no faster than the kernels there.
    pub fn is_software(&self) -> bool {
        self.software
    }

    /// Gives it back at once, whoever else still holds it: everything fails from then on.
    pub fn close(&self) {
        self.device.destroy();
    }

    /// Whether it was taken away: everything fails from then on.
    pub fn is_lost(&self) -> bool {
        self.loss().is_some()
    }

    /// The most bytes that a kernel's memory may have.
    pub fn largest_memory(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
    }

    /// How many buffers there are, of this and of every other user of the processor that was opened with it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn buffers(&self) -> usize {
        self.instance.generate_report().map_or(0, |report| report.hub.buffers.num_allocated)
    }

    /// Calls what may fail at once or later, and waits for what is reported of it. `bytes` is what memory is asked for.
    pub(super) async fn tried<T>(
        &self,
        bytes: u64,
        attempt: impl FnOnce() -> T,
        failed: impl FnOnce(String) -> GpuError,
    ) -> Result<T, GpuError> {
        let memory = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let validity = self.device.push_error_scope(ErrorFilter::Validation);
        let made = attempt();
        // Scopes end here, whatever others do until what they caught is known.
        let (invalid, exhausted) = (validity.pop(), memory.pop());
        let (invalid, exhausted) = (invalid.await, exhausted.await);
        self.hear();
        // What there was no memory for is invalid wherever it is used, and so is everything on a device that is lost.
        if let Some(loss) = self.loss() {
            return Err(loss);
        }
        if exhausted.is_some() {
            return Err(GpuError::OutOfMemory(bytes));
        }
        if let Some(error) = invalid {
            return Err(failed(error.to_string()));
        }
        self.intact().map(|()| made)
    }

    /// Waits until everything that was handed in is done.
    pub(super) async fn done(&self) -> Result<(), GpuError> {
        let (sender, receiver) = later();
        self.queue.on_submitted_work_done(move || sender.send(()));
        self.let_callbacks_come();
        let _ = receiver.await;
        self.intact()
    }

    /// Natively callbacks come while one waits for them; a browser calls them by itself.
    pub(super) fn let_callbacks_come(&self) {
        // It can only run out of time, and has as much as it needs.
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
    }

    /// Lets callbacks come whose time has come, without waiting: that of the device's loss, for instance.
    fn hear(&self) {
        let _ = self.device.poll(wgpu::PollType::Poll);
    }

    /// Nothing has been reported outside of a call.
    pub(super) fn intact(&self) -> Result<(), GpuError> {
        if let Some(loss) = self.loss() {
            return Err(loss);
        }
        let error = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).error.take();
        error.map_or(Ok(()), |error| Err(GpuError::Failed(error)))
    }

    fn loss(&self) -> Option<GpuError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).lost.clone().map(GpuError::Lost)
    }
}

/// Why there is no adapter. In a browser that is all there is to say; the error would list what it has not asked for.
fn reason(error: &wgpu::RequestAdapterError) -> String {
    if cfg!(target_arch = "wasm32") { "the browser offers none".to_owned() } else { error.to_string() }
}
