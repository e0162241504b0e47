//! Which words a mistyped one may have meant.

/// The most suggestions.
const MOST: usize = 5;

/// The nearest of the known words, nearest first: by how many letters must be changed, added, left
/// out or swapped with their neighbour; then those that begin like the word.
pub fn words(word: &str, known: &[String]) -> Vec<String> {
    let typed: Vec<char> = word.to_lowercase().chars().take(40).collect();
    if typed.is_empty() {
        return Vec::new();
    }
    let allowed = (typed.len() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &String)> = known
        .iter()
        .filter_map(|name| Some((score(&typed, name, allowed)?, name)))
        .collect();
    // The sort is stable: among equals the order of the topics stays.
    near.sort_by_key(|(score, _)| *score);
    let mut names: Vec<String> = Vec::new();
    for (_, name) in near {
        if names.len() < MOST && !names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    names
}

fn score(typed: &[char], name: &str, allowed: usize) -> Option<usize> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let steps = distance(typed, &name);
    if steps <= allowed && steps < typed.len() {
        return Some(steps);
    }
    (typed.len() >= 3 && name.starts_with(typed)).then_some(allowed + 1)
}

/// How many letters must be changed, added, left out or swapped with their neighbour (optimal string
/// alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(a: &str, b: &str) -> usize {
        distance(
            &a.chars().collect::<Vec<_>>(),
            &b.chars().collect::<Vec<_>>(),
        )
    }

    #[test]
    fn two_letters_swapped_are_one_step() {
        assert_eq!(steps("EAGIAN", "EAGAIN"), 1);
        assert_eq!(steps("aceppt", "accept"), 2);
        assert_eq!(steps("read", "read"), 0);
        assert_eq!(steps("", "read"), 4);
        assert_eq!(steps("reed", "read"), 1);
    }

    #[test]
    fn the_nearest_come_first_and_a_name_comes_once() {
        let known: Vec<String> = ["read", "READ", "readv", "bread", "write"]
            .map(String::from)
            .into();
        assert_eq!(words("raed", &known), ["read"]);
        assert_eq!(words("reav", &known), ["read", "readv"]);
        assert_eq!(words("xyz", &known), Vec::<String>::new());
    }
}
