// OpenSSL's libcrypto computes the digests that published files are checked by.
#include <openssl/evp.h>
