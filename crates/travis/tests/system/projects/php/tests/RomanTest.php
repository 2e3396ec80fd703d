<?php

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../src/Roman.php';

final class RomanTest extends TestCase
{
    public function testYears(): void
    {
        $this->assertSame('MCMXCIV', Roman::write(1994));
        $this->assertSame('MMXXVI', Roman::write(2026));
    }
}
