//! docs/http.md and the table of codes say the same: the table there is this one.

use httpsys::http::CODES;

#[test]
fn every_code_stands_in_the_docs_with_its_sentence() {
    let docs = std::fs::read_to_string("docs/http.md").expect("docs/http.md");
    let found: Vec<&str> = docs
        .lines()
        .filter(|line| line.starts_with("| H") || line.starts_with("| W"))
        .collect();
    let row = |code: &&httpsys::http::Code| {
        let status = if code.status == 0 {
            "–".to_string()
        } else {
            code.status.to_string()
        };
        let (sentence, remedy) = (
            code.sentence.replace('|', "\\|"),
            code.remedy.replace('|', "\\|"),
        );
        format!(
            "| {} | {status} | {sentence} | {remedy} | {} |",
            code.id, code.rule
        )
    };
    let rows: Vec<String> = CODES.iter().map(row).collect();
    assert_eq!(found, rows, "the table should read:\n{}", rows.join("\n"));
}
