#ifndef ROMAN_H
#define ROMAN_H

/* Writes the number with its final zero; text has room for 16 bytes. */
void roman_write(int number, char *text);

#endif
