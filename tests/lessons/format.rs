//! What the build says about mistakes in a lesson.

#[path = "../../build/lessons.rs"]
mod build;

use build::{lesson, read};
use std::path::Path;
use thalweg::lessons::LESSONS;

const TOP: &str = "# Title\n\nA summary.\n\n## Page\n\n[Set the map up](?problem=sphere \"setup\")\n\n";

fn error(text: &str) -> String {
    lesson("07-test.md", text).err().unwrap_or_else(|| panic!("there is nothing wrong with:\n{text}"))
}

#[test]
fn a_lesson_is_read() {
    let text = format!(
        "{TOP}Let $x < 1$.\n\n<details><summary>Is *$x$* small?</summary>\n\nYes.\n\n</details>\n\n## Next\n\n[Go](?opt=sgd;lr=0.1&steps=9 \"setup\")\n"
    );
    let lesson = lesson("07-test.md", &text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((lesson.id.as_str(), lesson.title.as_str(), lesson.summary.as_str()), ("test", "Title", "A summary."));
    assert_eq!(lesson.pages.len(), 2);
    let [first, second] = &lesson.pages[..] else { panic!("two pages") };
    assert_eq!((first.title.as_str(), first.setup.as_str()), ("Page", "?problem=sphere"));
    assert_eq!(second.setup, "?opt=sgd;lr=0.1&steps=9");
    assert_eq!(second.html, "<p><a href=\"?opt=sgd;lr=0.1&amp;steps=9\" class=\"setup\">Go</a></p>\n");
    let summary = "<details><summary>Is <em><math><mi>x</mi></math></em> small?</summary>\n<p>Yes.</p>\n</details>\n";
    assert!(first.html.ends_with(summary), "{}", first.html);
    assert!(first.html.contains("<math><mi>x</mi><mo>&lt;</mo><mn>1</mn></math>"), "{}", first.html);
}

#[test]
fn every_mistake_names_its_file_and_line() {
    for (text, line, words) in [
        ("Text", 1, "begins with \"# \""),
        ("# Title\n\n## Page\n", 3, "a summary"),
        ("# Title\n\nA *nice* summary.\n", 3, "plain text"),
        ("# Title\n\nA summary.\n", 4, "at least one page"),
        ("# Title\n\nA summary.\n\nMore.\n", 5, "the first page"),
        ("# Title\n\nA summary.\n\n## Page\n\nText.\n\n## Next\n", 5, "no set-up"),
    ] {
        let error = error(text);
        assert!(error.starts_with(&format!("07-test.md, line {line}: ")) && error.contains(words), "{error}");
    }
    // The first eight lines are in order.
    for (text, line, words) in [
        ("# Again", 9, "there are no others"),
        ("### Section", 9, "there are no others"),
        ("One.\n\n[Again](?problem=booth \"setup\")", 11, "the second"),
        ("[Bad](http://example.org)", 9, "https://"),
        ("[Bad](page.html)", 9, "https://"),
        ("[Bad](javascript:alert(1))", 9, "https://"),
        ("[Bad](?problem=sphere \"other\")", 9, "the only title"),
        ("[Bad](?a=\"b)", 9, "%22"),
        ("![Picture](https://example.org/a.png)", 9, "pictures"),
        ("Some <b>bold</b> text", 9, "<b>"),
        ("<script>alert(1)</script>", 9, "<details>"),
        ("<div>\n</div>", 9, "<details>"),
        ("<!-- comment -->", 9, "<details>"),
        ("<details><summary onclick=\"x\">Why?</summary>\n\n</details>", 9, "<details>"),
        ("<details><summary>Because.</summary>\n\nText.\n\n</details>", 9, "write a question"),
        ("<details><summary>Why?</summary>\nNo empty line.\n</details>", 10, "empty lines"),
        ("<details><summary>Why?</summary>\n\nText.", 9, "not ended"),
        ("<details><summary>A?</summary>\n\n<details><summary>B?</summary>\n\n</details>", 11, "line 9"),
        ("<details><summary>Why [this](?opt=sgd)?</summary>\n\nText.\n\n</details>", 9, "no links"),
        ("</details>", 9, "not begun"),
        ("Let $x$ and\n$\\frac{1$.", 10, "begins no equation"),
        ("Let $x$ and\n$\\frac{1}$.", 10, "\\frac{1}"),
        ("Let $\\nonsense$.", 9, "nonsense"),
        ("$$\\begin{aligned} a &= b \\end{aligned}$$", 9, "inline style"),
    ] {
        let error = error(&format!("{TOP}{text}\n"));
        assert!(error.starts_with(&format!("07-test.md, line {line}: ")) && error.contains(words), "{text}:\n{error}");
    }
    let aligned = format!("{TOP}| a |\n|--:|\n| 1 |\n");
    assert!(error(&aligned).contains("inline style"));
}

#[test]
fn file_names_have_a_number_and_an_id() {
    for name in ["test.md", "7-test.md", "07_test.md", "07-Test.md", "07-.md", "07-two words.md"] {
        let error = lesson(name, TOP).err().unwrap_or_else(|| panic!("{name} is fine"));
        assert!(error.starts_with(name) && error.contains("<nn>-<id>.md"), "{error}");
    }
}

#[test]
fn the_table_of_the_library_is_the_one_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    let lessons = read(&folder).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(lessons.len(), LESSONS.len());
    for (read, lesson) in lessons.iter().zip(LESSONS) {
        assert_eq!((&*read.id, &*read.title, &*read.summary), (lesson.id, lesson.title, lesson.summary));
        let read = read.pages.iter().map(|page| (&*page.title, &*page.html, &*page.setup));
        assert!(read.eq(lesson.pages.iter().map(|page| (page.title, page.html, page.setup))), "{}", lesson.id);
    }
    let error = build::read(Path::new("no/such/folder")).err().unwrap_or_default();
    assert!(error.starts_with("no/such/folder: "), "{error}");
}
