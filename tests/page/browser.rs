//! What all page tests share: the built page on a server, and a browser with and one without WebGPU.

use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use xtask::chrome::{Browser, Graphics, Page, View, find};
use xtask::server::Site;
use xtask::{bench, project};

/// A page of somebody else, with nothing on it: for embedding the module.
pub const HOST: &str = "host.html";

/// A worker whose graphics processor fails; see there.
pub const FAILING: &str = "failing.js";

static SITE: LazyLock<Result<Site>> = LazyLock::new(|| {
    let host = "<!doctype html><html lang=en><meta charset=utf-8><title>host</title><link rel=icon href=data:,><body>";
    Site::serve_with(&project::built()?, &[(HOST, host), (FAILING, include_str!("failing.js"))])
});

static WITHOUT_WEBGPU: LazyLock<Result<Browser>> = LazyLock::new(|| start(Graphics::WithoutWebGpu));
static WITH_WEBGPU: LazyLock<Result<Browser>> = LazyLock::new(|| start(Graphics::WebGpu));

fn start(graphics: Graphics) -> Result<Browser> {
    Browser::start(&find::chrome_or_install()?, graphics)
}

/// The server of the built page.
pub fn site() -> Result<&'static Site> {
    SITE.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// An empty page of a browser with or without WebGPU.
pub fn blank_on(graphics: Graphics, view: &View) -> Result<Page<'static>> {
    let browser = match graphics {
        Graphics::WithoutWebGpu => &WITHOUT_WEBGPU,
        Graphics::WebGpu => &WITH_WEBGPU,
    };
    browser.as_ref().map_err(|error| anyhow!("{error:#}"))?.open(view)
}

/// An empty page.
pub fn blank(view: &View) -> Result<Page<'static>> {
    blank_on(Graphics::WithoutWebGpu, view)
}

/// The built page with a link (`problem=...`, no `?`; empty for none), once its first picture is drawn.
pub fn open(view: &View, link: &str) -> Result<Page<'static>> {
    open_on(Graphics::WithoutWebGpu, view, link)
}

/// The same with or without WebGPU.
pub fn open_on(graphics: Graphics, view: &View, link: &str) -> Result<Page<'static>> {
    let mut page = blank_on(graphics, view)?;
    go(&mut page, link)?;
    page.wait_for(bench::FIRST_PICTURE_IS_THERE)?;
    Ok(page)
}

/// Sends a page that has been prepared to the built page with a link, and does not wait for a picture.
pub fn go(page: &mut Page<'_>, link: &str) -> Result<()> {
    let query = xtask::screenshot::query(link);
    page.goto(&format!("{}{query}", site()?.address))
}
