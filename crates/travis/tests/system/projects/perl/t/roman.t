use strict;
use warnings;
use Test::More tests => 2;
use Roman;

is( Roman::write(1994), 'MCMXCIV', 'a year of the last century' );
is( Roman::write(2026), 'MMXXVI',  'a year of this one' );
