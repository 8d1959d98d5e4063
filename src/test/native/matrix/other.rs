// A probe of the matrix in Rust: reads each file named but the last, writes that one, and prints the truth.
use std::{env, fs, thread};

fn main() {
    let mut names: Vec<String> = env::args().skip(1).collect();
    let last = names.pop().unwrap();
    for name in names {
        thread::spawn(move || {
            let _ = fs::read(&name);
            println!("read {}", name);
        })
        .join()
        .unwrap();
    }
    if fs::write(&last, "x").is_ok() {
        println!("wrote {}", last);
    }
}
