use super::*;

fn read(text: &str) -> Result<PublicHalf, String> {
    public_half(&Secret::new(text)).map_err(|error| error.to_string())
}

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".key"))
    };
}

/// Made by `ssh-keygen -l` and from its files `.pub`.
#[test]
fn the_public_half_is_what_ssh_keygen_says() {
    let known = [
        (
            key!("ed"),
            "SHA256:4NKpVlcJinuUfBABvXj4TqkPT2oBd2KB2EWmRSHOcW4",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEyIjzcF5qN9o3N/FwprphMTzuIv+VtP08gTsxiQU1+u",
        ),
        (
            key!("rsa"),
            "SHA256:gQEmjhxesyVqlngDRBquSaHbscNYbu9gZUtV//X1b2Y",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDnacMk34tRVCm8i7isp2sqIQJYxkmmTBtVTaV0qYi/myHeyQZCZSjUKQCgqgsHMbLMHLcp8girjqQgen6CSBJO8Lo9QMN7leX2WdB9Me6+24r9lEV+X1MbL90moVR1vtBC2Is7nYWtUPQpQGINTZ8HRi9YvdQjjxWJmVMwcblx6q63F4R80axZgQVX50JlE+nXI9o46Nv15t0WTa+Rm6w7XeQgQ0PzC5gZSX7AJKcUGuTwlubnauZb1Mi3P3muJVClbmxEzjt0jX0Lan62hgGnwLcYuwR8b2vUyZsU6MhpkyfqkG6TUM3zys1JzOEdDYh334wElu1o0Rf7R6SSMCyp",
        ),
        (
            key!("p8"),
            "SHA256:eRbPAjh22lt+BE8jBydpveIZzwd2C0HoVf7+63Z7wH0",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCkoxinohA4bsG50nucoPVt7/FTDIOS1oJhPWyOJdcu1QKwQwfNhaGREGgIZodt+CF5rIm5gP0CTkutNcRGrtlGyoAu1ySTar6KZb5RSbJg7EGTom1PvqQeL6d849J1pNfBwFCsawVUzkGsue+96pxJ3usr54wUasaMlxx5booMYaPBFIWR/8knKHtwzhIdQgkLGZfnd9lf1EX0IcOdCqTyRHyRhFbE2sObTEvUIR8svAY2gV6yCXSwGCHztCJUBzl4kMzbR4gnRaQLMkZ53gj3mvFFiIGARoTK2nzL82sS90FUlvRJHFUo3vWw1yxVpdtvIu8HwQ5AJtX9nwqUvN2L",
        ),
        (
            key!("ec"),
            "SHA256:uRy7slztkfcvwjEPQ94sjd1JDyrT8M8GE/JDcGTIptE",
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKJIYzOV0O6laWcDzmHVomBvxefSYiQxeXiH9i3QAW9IG5LDrazq31bR86BZijrdcZWzm2nPNdEKOqNDJcoe9A8=",
        ),
    ];
    for (text, fingerprint, line) in known {
        let found = read(text).unwrap();
        assert_eq!(
            (found.fingerprint.as_str(), found.line.as_str()),
            (fingerprint, line)
        );
        // As forms and other systems send it.
        let pasted = format!("\r\n  {}  \r\n", text.trim_end().replace('\n', "\r\n  "));
        assert_eq!(read(&pasted).unwrap(), found);
        assert_eq!(tidy(&Secret::new(pasted)), text.trim_end());
    }
}

#[test]
fn what_a_job_can_not_use_is_refused_with_what_helps() {
    for text in [key!("locked"), key!("lockedpem")] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains("passphrase"), "{refused}");
    }
    let public = read(key!("ed")).unwrap().line;
    assert!(read(&public).unwrap_err().contains("public half"));
    let cut: String = key!("ed").lines().take(3).collect::<Vec<_>>().join("\n");
    let long = "a".repeat(LONGEST + 1);
    let odd = key!("ed").replace("OPENSSH", "EC");
    for text in [
        "",
        "hello",
        &cut,
        &long,
        &odd,
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn every_cut_and_every_turned_byte_is_borne() {
    let (_, file) = armored(key!("ed")).unwrap();
    for end in 0..file.len() {
        drop(openssh(&file[..end]));
        let mut turned = file.clone();
        turned[end] ^= 0xff;
        drop(openssh(&turned));
    }
}
