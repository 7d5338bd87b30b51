//! The block diagram on a graphics processor, without a window: what is drawn where, and that the device has nothing to
//! object. Needs a Vulkan, Metal or Direct3D driver; Debian's `mesa-vulkan-drivers` has one that needs no hardware.

use anyhow::{Context, Result, ensure};
use thalweg::experiment::{Experiment, Link, Run, run};
use thalweg::figure::space::{Block, Camera, Mesh, View, lift};
use thalweg::figure::{Color, Theme, spacing};
use thalweg::gpu::relief::{Look, Relief};
use thalweg::gpu::trouble::Trouble;

const SIZE: [u32; 2] = [448, 400];

struct Studio {
    device: wgpu::Device,
    queue: wgpu::Queue,
    trouble: Trouble,
    relief: Relief,
    block: Block,
}

impl Studio {
    fn new(experiment: &Experiment, run: &Run, window: [f64; 4]) -> Result<Self> {
        let instance = wgpu::Instance::default();
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
            .context("no graphics adapter: on Debian, `apt-get install mesa-vulkan-drivers` brings one in software")?;
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;
        let trouble = Trouble::of(&device);
        let mut relief = Relief::new(&device, &queue, wgpu::TextureFormat::Rgba8Unorm);
        let aspect = f64::from(SIZE[0]) / f64::from(SIZE[1]);
        let block = Block::new(&run.problem, window, aspect, 160);
        relief.set_mesh(&Mesh::new(&block));
        let visible = experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible);
        let trails: Vec<_> = visible.map(|(i, (_, trace))| (i, lift(&block, trace))).collect();
        relief.set_trails(&trails);
        Ok(Self { device, queue, trouble, relief, block })
    }

    fn view(&self, camera: Camera) -> View {
        View::new(camera, self.block.half, SIZE.map(f64::from))
    }

    /// Red, green, blue and opacity of every pixel.
    fn draw(&mut self, camera: Camera, time: f64, theme: &'static Theme) -> Result<Vec<[u8; 4]>> {
        let [width, height] = SIZE;
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let picture = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let view = self.view(camera);
        let land = &self.block.land;
        self.relief.draw(&picture, &Look { view: &view, ratio: 1.0, time, theme, land, contours: spacing(land) });
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(4 * width * height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut commands = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        // A row of 448 pixels has 7 times the 256 bytes that rows have to be a multiple of.
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
        commands.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            texture.size(),
        );
        self.queue.submit([commands.finish()]);
        buffer.map_async(wgpu::MapMode::Read, .., |_| {});
        self.device.poll(wgpu::PollType::wait_indefinitely())?;
        ensure!(!self.trouble.is_there(), "{}", pollster::block_on(self.trouble.clone()));
        let bytes = buffer.get_mapped_range(..)?;
        Ok(bytes.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect())
    }
}

fn studio(link: &str, window: [f64; 4]) -> Result<(Studio, Run)> {
    let experiment = Link::parse(link).experiment;
    let run = run(&experiment)?;
    Ok((Studio::new(&experiment, &run, window)?, run))
}

fn at(pixels: &[[u8; 4]], [x, y]: [f64; 2]) -> [u8; 4] {
    pixels[y as usize * SIZE[0] as usize + x as usize]
}

fn near(pixel: [u8; 4], Color(r, g, b): Color, tolerance: u8) -> bool {
    [r, g, b].into_iter().zip(pixel).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

#[test]
fn the_land_is_drawn_on_paper_in_both_themes() -> Result<()> {
    let (mut studio, _) = studio("opt=none", [-2.0, 2.0, -1.0, 3.0])?;
    for theme in [&Theme::LIGHT, &Theme::DARK] {
        let pixels = studio.draw(Camera::START, 0.0, theme)?;
        for corner in [[2.0, 2.0], [440.0, 2.0], [2.0, 395.0], [440.0, 395.0]] {
            ensure!(
                at(&pixels, corner) == {
                    let Color(r, g, b) = theme.paper;
                    [r, g, b, 255]
                }
            );
        }
        let colours: std::collections::HashSet<_> = pixels.iter().collect();
        ensure!(colours.len() > 1000, "{} colours", colours.len());
        let paper = pixels.iter().filter(|pixel| near(**pixel, theme.paper, 0)).count();
        ensure!((0.25..0.8).contains(&(paper as f64 / pixels.len() as f64)), "{paper} pixels of paper");
    }
    Ok(())
}

/// The colour of a trail appears where its points are, as soon as its steps are taken.
#[test]
fn trails_are_where_their_points_are() -> Result<()> {
    let (mut studio, run) = studio("problem=himmelblau&start=0,0&steps=60&opt=sgd;lr=0.01", [-6.0, 6.0, -6.0, 6.0])?;
    let camera = Camera { azimuth: 20.0, elevation: 65.0, distance: 1.0 };
    let view = studio.view(camera);
    let theme = &Theme::LIGHT;
    let [before, after] = [0.0, 60.0].map(|time| studio.draw(camera, time, theme));
    let (before, after) = (before?, after?);
    let mut seen = 0;
    for point in &run.traces[0].points[2..12] {
        let p = studio.block.on_surface(*point).context("within the window")?;
        let pixel = view.project(p).0;
        ensure!(near(at(&after, pixel), theme.trail(0), 6), "{point:?}: {:?}", at(&after, pixel));
        seen += u32::from(!near(at(&before, pixel), theme.trail(0), 6));
    }
    // Dotted at most, as long as they are the future.
    ensure!(seen >= 5, "{seen}");
    Ok(())
}

/// What lies behind a ridge is hidden by it, as the marks are.
#[test]
fn ridges_hide_trails() -> Result<()> {
    let link = "problem=formula;f=exp(-8*x^2)&start=-0.75,-0.5&steps=100&opt=sgd;lr=0.000001&opt=none";
    let experiment = Link::parse(link).experiment;
    let mut run = run(&experiment)?;
    // A straight way along the foot of the ridge.
    run.traces = vec![thalweg::experiment::Trace { points: vec![[-0.7, -0.5], [-0.7, 0.5]], ..Default::default() }];
    let experiment = Experiment { methods: Experiment::default().methods[..1].to_vec(), ..experiment };
    let mut studio = Studio::new(&experiment, &run, [-1.0, 1.0, -1.0, 1.0])?;
    for (azimuth, shown) in [(90.0, true), (-90.0, false)] {
        let camera = Camera { azimuth, elevation: 15.0, distance: 1.0 };
        let pixels = studio.draw(camera, 1.0, &Theme::LIGHT)?;
        let view = studio.view(camera);
        let p = studio.block.on_surface([-0.7, 0.0]).context("within the window")?;
        let found = near(at(&pixels, view.project(p).0), Theme::LIGHT.trail(0), 6);
        ensure!(found == shown && studio.block.hides(p, view.eye) != shown, "{azimuth}: {found}");
    }
    Ok(())
}

/// Holes, level ground, poles and no land at all: a picture, and no complaint of the device.
#[test]
fn hard_formulas_are_drawn_too() -> Result<()> {
    for formula in ["ln(x)%2By^2", "1/x%2By^2", "0*x", "sqrt(-1-x^2-y^2)", "x^y", "1e9*x%2By"] {
        let link = format!("problem=formula;f={formula}&start=0.5,0.5&steps=30&opt=adam;lr=0.1");
        let (mut studio, _) = studio(&link, [-2.0, 2.0, -2.0, 2.0])?;
        let pixels = studio.draw(Camera::START, 30.0, &Theme::DARK)?;
        let ground = pixels.iter().filter(|pixel| !near(**pixel, Theme::DARK.paper, 3)).count();
        ensure!((ground > 10_000) == (formula != "sqrt(-1-x^2-y^2)"), "{formula}: {ground} pixels of ground");
    }
    Ok(())
}
