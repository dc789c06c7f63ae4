//! Engine errors as JavaScript errors: `code` is the stable code, the message is JSON with the
//! sentence and the layer, which the facade turns into a `RidgelineError`.

use ridgeline_engine::Error;

/// A result whose error carries a code of ours.
pub type Result<T, E = napi::Error<String>> = std::result::Result<T, E>;

/// An engine error at the boundary.
pub fn convert(error: Error) -> napi::Error<String> {
    let layer = error.layer.as_deref().map_or("null".to_owned(), quote);
    let text = format!("{{\"message\":{},\"layer\":{layer}}}", quote(&error.message));
    napi::Error::new(error.code.as_str().to_owned(), text)
}

/// An error found at the boundary itself.
pub fn fail(code: &str, message: &str) -> napi::Error<String> {
    let text = format!("{{\"message\":{},\"layer\":null}}", quote(message));
    napi::Error::new(code.to_owned(), text)
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
