use super::*;

const TEXT: &str = "\
55d0c0000000-55d0c0800000 r--p 00000000 fe:00 77                         /opt/a b/travis
Size:               8192 kB
Rss:                2824 kB
Pss:                1000 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
55d0c0800000-55d0c1a00000 r-xp 00800000 fe:00 77                         /opt/a b/travis
Rss:                7060 kB
Anonymous:             0 kB
55d0c1a00000-55d0c1b00000 r--p 01a00000 fe:00 77                         /opt/a b/travis
Rss:                1024 kB
Anonymous:          1024 kB
55d0c1b00000-55d0c1b10000 rw-p 01b00000 fe:00 77                         /opt/a b/travis
Rss:                  64 kB
Anonymous:             0 kB
7f0000000000-7f0000100000 r-xp 00026000 fe:00 78                         /usr/lib/libc.so.6
Rss:                 900 kB
Anonymous:             0 kB
7f0000200000-7f0000300000 r--s 00000000 fe:00 79                         /var/lib/travis/state.so
Rss:                 100 kB
Anonymous:             0 kB
7f0000400000-7f0000500000 r--p 00000000 fe:00 80                         /var/lib/travis/data
Rss:                 100 kB
Anonymous:             0 kB
7f0000600000-7f0000700000 r--p 00000000 00:00 0
Rss:                   0 kB
Anonymous:             0 kB
7fff1a300000-7fff1a302000 r-xp 00000000 00:00 0                          [vdso]
Rss:                   8 kB
Anonymous:             0 kB
";

#[test]
fn only_what_is_the_same_as_in_its_file_is_code() {
    let program = Path::new("/opt/a b/travis");
    let starts: Vec<usize> = mappings(TEXT)
        .iter()
        .filter(|mapping| is_code(mapping, program))
        .map(|mapping| mapping.start)
        .collect();
    assert_eq!(
        starts,
        [0x55d0_c000_0000, 0x55d0_c080_0000, 0x7f00_0000_0000]
    );
}

#[test]
fn a_mapping_is_read_whole() {
    let all = mappings(TEXT);
    assert_eq!(all.len(), 9);
    assert_eq!(
        all[2],
        Mapping {
            start: 0x55d0_c1a0_0000,
            length: 0x10_0000,
            writable: false,
            private: true,
            file: "/opt/a b/travis",
            resident: 1024 * 1024,
            own: 1024 * 1024,
        }
    );
}

#[test]
fn what_is_not_told_in_full_is_left_out() {
    assert_eq!(
        mappings("7f00-7f10 r-xp 0 fe:00 7 /usr/lib/libc.so.6\nRss: 4 kB\n"),
        []
    );
    assert_eq!(mappings("nothing of the kind\n"), []);
}

#[test]
fn the_program_goes_on_with_less_memory() {
    let resident = || {
        let text = fs::read_to_string("/proc/self/smaps").unwrap();
        let program = fs::read_link("/proc/self/exe").unwrap();
        let all = mappings(&text);
        let code = all.iter().filter(|mapping| is_code(mapping, &program));
        code.map(|mapping| mapping.resident).sum::<u64>()
    };
    let before = resident();
    let let_go = let_go_of_code().unwrap();
    assert!(let_go > 0);
    // Reading the listing needs some of it again.
    let after = resident();
    assert!(after < before, "{before} bytes before, {after} after");
}
