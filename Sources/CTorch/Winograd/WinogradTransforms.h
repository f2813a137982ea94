// The short convolutions of Winograd and of Cook and Toom, in one dimension: r outputs of a kernel
// of 3 taps from r + 2 products instead of 3 r.
//
// Two polynomials are multiplied by evaluating them at r + 1 points and at infinity. With
//   input  t = Bt d   (r + 2 values -> r + 2),   weight u = G g   (3 -> r + 2),
//   output y = At m   (r + 2 -> r),
// y = At (G g . Bt d) is the convolution exactly (Lavin & Gray, CVPR 2016, arXiv 1509.09308). The
// map is bilinear, so its gradients are the adjoint transforms around the same products:
//   towards d: B (G g . A gy),   towards g: Gt (Bt d . A gy).
// Images apply each transform along columns, then along rows.
//
// The points decide the rounding. For r = 4 the usual 0, +-1, +-2, infinity lose a digit. These,
// +-sqrt(1/2) and +-sqrt(2), are each other's inverses, which keeps all three matrices small;
// measured, their errors are those of a direct sum times 1 to 4 (docs/performance.md).
#pragma once

#include "WinogradVectors.h"

namespace spikeguard {

template <int outputs> struct WinogradTransform;

// Points 0, 1, -1, infinity.
template <> struct WinogradTransform<2> {
  template <class L> WINOGRAD_INLINE static void input(const L* d, L* t) {
    t[0] = d[2] - d[0];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
  }
  template <class L> WINOGRAD_INLINE static void inputAdjoint(const L* t, L* d) {
    d[0] = -t[0];
    d[1] = t[1] - t[2] - t[3];
    d[2] = t[0] + t[1] + t[2];
    d[3] = t[3];
  }
  template <class L> WINOGRAD_INLINE static void output(const L* m, L* y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
  }
  template <class L> WINOGRAD_INLINE static void outputAdjoint(const L* y, L* m) {
    m[0] = y[0];
    m[1] = y[0] + y[1];
    m[2] = y[0] - y[1];
    m[3] = y[1];
  }
  template <class L> WINOGRAD_INLINE static void weight(const L* g, L* u) {
    L even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    u[0] = -g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  template <class L> WINOGRAD_INLINE static void weightAdjoint(const L* u, L* g) {
    L even = 0.5f * (u[1] + u[2]);
    g[0] = even - u[0];
    g[1] = 0.5f * (u[1] - u[2]);
    g[2] = even + u[3];
  }
};

// Points 0, a, -a, b, -b, infinity with a = sqrt(1/2), b = sqrt(2): a b = 1, a^2 + b^2 = 5/2.
template <> struct WinogradTransform<4> {
  static constexpr float a = 0.70710678118654752f, b = 1.41421356237309505f;
  static constexpr float a2 = 0.5f, b2 = 2, sum = 2.5f;
  static constexpr float a3 = a * a2, b3 = b * b2;
  // 1 / the product of a point's differences from the other finite points; that of 0 is 1.
  static constexpr float na = -2.f / 3, nb = 1.f / 6;

  template <class L> WINOGRAD_INLINE static void input(const L* d, L* t) {
    L even = d[4] - b2 * d[2], odd = a * (d[3] - b2 * d[1]);
    L evenB = d[4] - a2 * d[2], oddB = b * (d[3] - a2 * d[1]);
    t[0] = d[0] + (d[4] - sum * d[2]);
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = evenB + oddB;
    t[4] = evenB - oddB;
    t[5] = d[1] + (d[5] - sum * d[3]);
  }
  template <class L> WINOGRAD_INLINE static void inputAdjoint(const L* t, L* d) {
    L even = t[1] + t[2], odd = a * (t[1] - t[2]);
    L evenB = t[3] + t[4], oddB = b * (t[3] - t[4]);
    d[0] = t[0];
    d[1] = t[5] - b2 * odd - a2 * oddB;
    d[2] = -sum * t[0] - b2 * even - a2 * evenB;
    d[3] = odd + oddB - sum * t[5];
    d[4] = t[0] + even + evenB;
    d[5] = t[5];
  }
  template <class L> WINOGRAD_INLINE static void output(const L* m, L* y) {
    L even = m[1] + m[2], odd = m[1] - m[2], evenB = m[3] + m[4], oddB = m[3] - m[4];
    y[0] = m[0] + even + evenB;
    y[1] = a * odd + b * oddB;
    y[2] = a2 * even + b2 * evenB;
    y[3] = a3 * odd + b3 * oddB + m[5];
  }
  template <class L> WINOGRAD_INLINE static void outputAdjoint(const L* y, L* m) {
    L even = y[0] + a2 * y[2], odd = a * (y[1] + a2 * y[3]);
    L evenB = y[0] + b2 * y[2], oddB = b * (y[1] + b2 * y[3]);
    m[0] = y[0];
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = evenB + oddB;
    m[4] = evenB - oddB;
    m[5] = y[3];
  }
  template <class L> WINOGRAD_INLINE static void weight(const L* g, L* u) {
    L even = na * (g[0] + a2 * g[2]), odd = (na * a) * g[1];
    L evenB = nb * (g[0] + b2 * g[2]), oddB = (nb * b) * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = evenB + oddB;
    u[4] = evenB - oddB;
    u[5] = g[2];
  }
  template <class L> WINOGRAD_INLINE static void weightAdjoint(const L* u, L* g) {
    L even = na * (u[1] + u[2]), odd = (na * a) * (u[1] - u[2]);
    L evenB = nb * (u[3] + u[4]), oddB = (nb * b) * (u[3] - u[4]);
    g[0] = u[0] + even + evenB;
    g[1] = odd + oddB;
    g[2] = a2 * even + b2 * evenB + u[5];
  }
};

}  // namespace spikeguard
