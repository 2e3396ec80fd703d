package org.example.roman;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public class RomanTest {
  @Test
  public void years() {
    assertEquals("MCMXCIV", Roman.write(1994));
    assertEquals("MMXXVI", Roman.write(2026));
  }
}
