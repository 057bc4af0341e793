/* The CGI program that does nothing: what a process a request costs by itself. */
#include <stdio.h>

int main(void)
{
	return fputs("Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n", stdout) < 0;
}
