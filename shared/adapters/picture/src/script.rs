//! The page's chart scripts in an engine without a document, on a leash: so much memory, so much time.

use std::{cell::Cell, rc::Rc, time::Duration};

use rquickjs::{
    CatchResultExt as _, CaughtError, Context, Ctx, Function, Module, Object, Runtime,
    loader::{BuiltinLoader, BuiltinResolver},
};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    PictureError,
    fonts::{Ruler, Weight},
    sheet::{CHART_HEIGHT, CHART_WIDTH},
};

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../web/assets/", $name)))),*]
    };
}

/// The scripts that draw, as the page has them.
const SCRIPTS: &[(&str, &str)] = scripts![
    "headless.js",
    "chart.js",
    "format.js",
    "model.js",
    "palette.js",
    "scale.js",
    "shapes.js",
    "vendor/echarts.js",
];

const PEN: &str = include_str!("pen.js");

/// What a script may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For one drawing, of work: a busy machine may take longer.
    pub time: Duration,
    /// For the engine with everything in it, in MiB.
    pub memory_mib: usize,
}

/// A drawing takes some hundredths of a second, the largest some two; an engine with its scripts starts in a tenth.
pub const LIMITS: Limits = Limits { time: Duration::from_secs(10), memory_mib: 128 };

const STACK_BYTES: usize = 1 << 20;

/// An engine with the scripts loaded. Not for other threads.
pub struct Engine {
    context: Context,
    deadline: Rc<Cell<Option<Duration>>>,
    limits: Limits,
}

impl Engine {
    /// Loads the scripts: a fraction of a second.
    pub fn new(limits: Limits) -> Result<Self, PictureError> {
        let failed = |error: rquickjs::Error| match error {
            rquickjs::Error::Allocation => PictureError::TooLarge(limits.memory_mib),
            other => PictureError::Start(other.to_string()),
        };
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_memory_limit(limits.memory_mib << 20);
        runtime.set_max_stack_size(STACK_BYTES);
        let deadline = Rc::new(Cell::new(None));
        let watched = Rc::clone(&deadline);
        let is_over = move || watched.get().is_some_and(|deadline| worked() > deadline);
        runtime.set_interrupt_handler(Some(Box::new(is_over)));
        let (mut resolver, mut loader) = (BuiltinResolver::default(), BuiltinLoader::default());
        for (name, source) in SCRIPTS {
            resolver.add_module(*name);
            loader.add_module(*name, *source);
        }
        runtime.set_loader(resolver, loader);
        let context = Context::full(&runtime).map_err(failed)?;
        let engine = Self { context, deadline, limits };
        engine.within_limits(load)?;
        Ok(engine)
    }

    /// The chart of a card's answer, given and returned as text. After an error the engine is of no further use.
    pub fn svg(&self, card: &str) -> Result<String, PictureError> {
        self.within_limits(|ctx| {
            let render: Function = ctx.globals().get("renderSvg")?;
            let view = Object::new(ctx.clone())?;
            view.set("width", CHART_WIDTH)?;
            view.set("height", CHART_HEIGHT)?;
            view.set("theme", "light")?;
            render.call((ctx.json_parse(card)?, view))
        })
    }

    fn within_limits<T>(
        &self,
        run: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<T>,
    ) -> Result<T, PictureError> {
        let deadline = worked() + self.limits.time;
        self.deadline.set(Some(deadline));
        let result =
            self.context.with(|ctx| run(&ctx).catch(&ctx).map_err(|error| self.told(&error, deadline)));
        self.deadline.set(None);
        result
    }

    fn told(&self, error: &CaughtError<'_>, deadline: Duration) -> PictureError {
        let text = error.to_string();
        if worked() > deadline {
            PictureError::TooSlow(self.limits.time)
        } else if is_out_of_memory(error) {
            PictureError::TooLarge(self.limits.memory_mib)
        } else {
            PictureError::Script(text)
        }
    }
}

/// How long this thread has worked.
fn worked() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(spent.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(spent.tv_nsec).unwrap_or_default())
}

fn is_out_of_memory(error: &CaughtError<'_>) -> bool {
    match error {
        CaughtError::Error(error) => matches!(error, rquickjs::Error::Allocation),
        CaughtError::Exception(exception) => {
            exception.message().is_some_and(|text| text.contains("out of memory"))
        }
        // There was no room for the exception either.
        CaughtError::Value(value) => !value.is_object() && !value.is_string(),
    }
}

fn load(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let ruler =
        Ruler::new().map_err(|error| rquickjs::Error::new_loading_message("fonts", error.to_string()))?;
    let width = move |text: String, size: f64, is_bold: bool| {
        let weight = if is_bold { Weight::SemiBold } else { Weight::Regular };
        f64::from(ruler.width(&text, size as f32, weight))
    };
    ctx.globals().set("textWidth", Function::new(ctx.clone(), width)?)?;
    ctx.eval::<(), _>(PEN)?;
    let (name, source) = SCRIPTS.first().copied().unwrap_or_default();
    let (module, loaded) = Module::declare(ctx.clone(), name, source)?.eval()?;
    loaded.finish::<()>()?;
    let render: Function = module.get("renderSvg")?;
    ctx.globals().set("renderSvg", render)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, limits: Limits) -> PictureError {
        let engine = Engine::new(LIMITS).unwrap();
        let engine = Engine { limits, ..engine };
        engine.context.runtime().set_memory_limit(limits.memory_mib << 20);
        engine.within_limits(|ctx| ctx.eval::<(), _>(script)).unwrap_err()
    }

    #[test]
    fn a_script_that_throws_never_ends_or_hoards_is_stopped_and_named() {
        let short = Limits { time: Duration::from_millis(50), ..LIMITS };
        let text = check("null.x", LIMITS).to_string();
        assert!(text.contains("script failed") && text.contains("null"), "{text}");
        assert!(matches!(check("for (;;);", short), PictureError::TooSlow(_)));
        assert!(matches!(check("for (;;) { try { for (;;); } catch {} }", short), PictureError::TooSlow(_)));
        let hoard = "const all = []; for (;;) all.push(new Array(1000).fill(all.length + 0.5));";
        let hoarded = check(hoard, LIMITS);
        assert!(matches!(hoarded, PictureError::TooLarge(128)), "{hoarded}");
        let deep = check("const f = () => [f()]; f()", LIMITS).to_string();
        assert!(deep.contains("stack"), "{deep}");
    }

    #[test]
    fn an_engine_that_drew_many_cards_holds_no_more_than_one_that_drew_few() {
        let engine = Engine::new(LIMITS).unwrap();
        let cards: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../fixtures/cards.json")).unwrap();
        let held_after = |times: usize| {
            for card in cards.iter().cycle().take(times) {
                engine.svg(&card.to_string()).unwrap();
            }
            engine.context.runtime().run_gc();
            engine.context.runtime().memory_usage().memory_used_size
        };
        let (few, many) = (held_after(cards.len()), held_after(2 * cards.len()));
        assert!(few > 1 << 20 && many < few + few / 20, "{few} bytes, then {many}");
    }

    #[test]
    fn a_script_reaches_neither_files_nor_network() {
        for name in ["fetch", "require", "process", "std", "os", "XMLHttpRequest", "WebSocket"] {
            let text = check(&format!("{name}.x"), LIMITS).to_string();
            assert!(text.contains("is not defined"), "{name}: {text}");
        }
        let engine = Engine::new(LIMITS).unwrap();
        let other = engine.within_limits(|ctx| {
            Module::evaluate(ctx.clone(), "x.js", "import '../../Cargo.toml'")?.finish::<()>()
        });
        assert!(other.unwrap_err().to_string().contains("Cargo.toml"));
    }
}
