// The surrogate shapes: each a smooth step G (`primitive`), its derivative g (`slope`) and g'
// (`curvature`). All obey one scale rule, with z = u / width:  G(u) = G1(z),  g(u) = g1(z) / width,
// g'(u) = g1'(z) / width^2.
//
// Everything is branch-free and inlined, so that the loops around it are vectorised; without
// contraction (see LIFKernels.cpp) vector and scalar code round alike, which makes results
// independent of block and thread boundaries.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#define LIF_INLINE [[gnu::always_inline]] inline

namespace spikeguard {

template <class To, class From> LIF_INLINE To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// exp(x) for x <= 0. libm's would keep the compiler from vectorising.
// x = n ln2 + r: adding `magic` rounds x / ln2 to the integer n and leaves n in the low bits of the
// sum, from where a shift moves it into the exponent. ln2 is split in two so that n * ln2High is
// exact.
LIF_INLINE float expNonPositive(float x) {
  constexpr float magic = 12582912.0f;  // 1.5 * 2^23
  constexpr float ln2High = 0.693359375f, ln2Low = -2.12194440e-4f;
  x = x > -87.0f ? x : -87.0f;  // below, exp(x) would be subnormal
  float shifted = x * 1.44269504f + magic;
  float n = shifted - magic;
  float r = (x - n * ln2High) - n * ln2Low;
  float p = 1.9875691500e-4f;  // minimax polynomial of Cephes' expf
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * (r * r) + r) + 1.0f;
  uint32_t exponent = (bitCast<uint32_t>(shifted) << 23) + (127u << 23);
  return p * bitCast<float>(exponent);
}

LIF_INLINE double expNonPositive(double x) {
  constexpr double magic = 6755399441055744.0;  // 1.5 * 2^52
  constexpr double ln2High = 6.93147180369123816490e-01, ln2Low = 1.90821492927058770002e-10;
  x = x > -708.0 ? x : -708.0;
  double shifted = x * 1.4426950408889634074 + magic;
  double n = shifted - magic;
  double r = (x - n * ln2High) - n * ln2Low;
  double p = 1.0 / 6227020800.0;  // Taylor to r^13: |r| <= ln2 / 2 leaves 4e-18
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = (p * (r * r) + r) + 1.0;
  uint64_t exponent = (bitCast<uint64_t>(shifted) << 52) + (uint64_t{1023} << 52);
  return p * bitCast<double>(exponent);
}

// What a shape knows of its width. A multiplication by the inverse is several times cheaper than a
// division.
template <class T> struct SurrogateWidth {
  T width, inverse;
  explicit SurrogateWidth(T w) : width(w), inverse(1 / w) {}
};

// g1(z) = max(0, 1 - |z|)
template <class T> struct TriangleSurrogate : SurrogateWidth<T> {
  using SurrogateWidth<T>::SurrogateWidth, SurrogateWidth<T>::width, SurrogateWidth<T>::inverse;
  LIF_INLINE T primitive(T u) const {
    T z = u * inverse;
    z = z < -1 ? T(-1) : z > 1 ? T(1) : z;
    return (T(0.5) + z) - T(0.5) * z * std::fabs(z);
  }
  LIF_INLINE T slope(T u) const {
    T height = 1 - std::fabs(u * inverse);
    return (height > 0 ? height : T(0)) * inverse;
  }
  LIF_INLINE T curvature(T u) const {
    T inside = std::fabs(u) <= width ? inverse * inverse : T(0);
    return u > 0 ? -inside : u < 0 ? inside : T(0);
  }
};

// g1(z) = 1 for |z| <= 1/2, else 0: clamping, the composed form, counts its ends as inside
template <class T> struct RectangleSurrogate : SurrogateWidth<T> {
  using SurrogateWidth<T>::SurrogateWidth, SurrogateWidth<T>::width, SurrogateWidth<T>::inverse;
  LIF_INLINE T primitive(T u) const {
    T z = u * inverse + T(0.5);
    return z < 0 ? T(0) : z > 1 ? T(1) : z;
  }
  LIF_INLINE T slope(T u) const { return std::fabs(u) <= T(0.5) * width ? inverse : T(0); }
  LIF_INLINE T curvature(T) const { return 0; }
};

// G1(z) = 1 / (1 + exp(-z)), in terms of e = exp(-|z|): nothing overflows and 1 - G1 does not
// cancel.
template <class T> struct SigmoidSurrogate : SurrogateWidth<T> {
  using SurrogateWidth<T>::SurrogateWidth, SurrogateWidth<T>::inverse;
  LIF_INLINE T primitive(T u) const {
    T e = expNonPositive(-std::fabs(u * inverse)), q = 1 / (1 + e);
    return u >= 0 ? q : e * q;
  }
  LIF_INLINE T slope(T u) const {
    T e = expNonPositive(-std::fabs(u * inverse)), q = 1 / (1 + e);
    return e * q * q * inverse;
  }
  LIF_INLINE T curvature(T u) const {
    T e = expNonPositive(-std::fabs(u * inverse)), q = 1 / (1 + e);
    T magnitude = e * q * q * ((1 - e) * q) * (inverse * inverse);
    return u > 0 ? -magnitude : magnitude;
  }
};

// G1(z) = atan(pi/2 z) / pi + 1/2
template <class T> struct ArctanSurrogate : SurrogateWidth<T> {
  using SurrogateWidth<T>::SurrogateWidth, SurrogateWidth<T>::inverse;
  static constexpr T pi = T(3.14159265358979323846);
  // Only smooth neurons evaluate the primitive, and they serve tests: libm's scalar atan is good
  // enough.
  LIF_INLINE T primitive(T u) const { return std::atan(pi / 2 * (u * inverse)) / pi + T(0.5); }
  LIF_INLINE T slope(T u) const {
    T y = pi / 2 * (u * inverse);
    return T(0.5) * inverse / (1 + y * y);
  }
  LIF_INLINE T curvature(T u) const {
    T y = pi / 2 * (u * inverse), r = inverse / (1 + y * y);
    return -(pi / 2) * y * (r * r);
  }
};

// g1(z) = exp(-|z|) / 2. At the kink, z = 0, the curvature is that of the left side, as in the
// composed form.
template <class T> struct ExponentialSurrogate : SurrogateWidth<T> {
  using SurrogateWidth<T>::SurrogateWidth, SurrogateWidth<T>::inverse;
  LIF_INLINE T half(T u) const { return T(0.5) * expNonPositive(-std::fabs(u * inverse)); }
  LIF_INLINE T primitive(T u) const {
    T tail = half(u);
    return u > 0 ? 1 - tail : tail;
  }
  LIF_INLINE T slope(T u) const { return half(u) * inverse; }
  LIF_INLINE T curvature(T u) const {
    T magnitude = half(u) * (inverse * inverse);
    return u > 0 ? -magnitude : magnitude;
  }
};

}  // namespace spikeguard
