// zlib reads the gzip files that image data sets are published in.
#include <zlib.h>
