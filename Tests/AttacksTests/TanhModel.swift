import Torch

#if canImport(Glibc)
  import Glibc
#endif

/// logits = V · tanh(W · flatten(x) + b), with its cross-entropy gradient derived by hand: a twin for attacks.
///
/// L = log Σⱼ exp zⱼ − z_y,  ∂L/∂zⱼ = softmax(z)ⱼ − [j = y],  ∂L/∂x = Wᵀ((1 − h²) ⊙ Vᵀ ∂L/∂z)
struct TanhModel {
  let hidden: Int
  let classes: Int
  let w: [[Double]]
  let b: [Double]
  let v: [[Double]]

  init(pixels: Int, hidden: Int = 5, classes: Int = 3, seed: UInt64, scale: Double = 1.5) {
    self.hidden = hidden
    self.classes = classes
    let generator = Generator(seed: seed)
    func draw(_ rows: Int, _ columns: Int) -> [[Double]] {
      (0..<rows).map { _ in
        Tensor.normal([columns], standardDeviation: scale, dtype: .float64, using: generator)
          .scalars(of: Double.self)
      }
    }
    w = draw(hidden, pixels)
    b = draw(1, hidden)[0]
    v = draw(classes, hidden)
  }

  /// As the engine computes it.
  func callAsFunction(_ images: Tensor) -> Tensor {
    func tensor(_ rows: [[Double]]) -> Tensor {
      Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]).converted(to: images.dtype)
    }
    let current = images.flattened(from: 1).linear(
      tensor(w), bias: Tensor(b).converted(to: images.dtype))
    return current.hyperbolicTangent().linear(tensor(v))
  }

  /// Logits, cross-entropy and its input gradient of one image, in scalar loops.
  func slow(_ x: [Double], label: Int) -> (logits: [Double], loss: Double, gradient: [Double]) {
    var loss = 0.0
    let (z, gradient) = slow(x) { z in
      let top = z.max()!
      let total = z.reduce(0) { $0 + exp($1 - top) }
      loss = top + log(total) - z[label]
      return z.indices.map { exp(z[$0] - top) / total - ($0 == label ? 1 : 0) }
    }
    return (z, loss, gradient)
  }

  /// Logits and input gradient of one image, given how a function of the logits changes with them.
  func slow(
    _ x: [Double], upstream: ([Double]) -> [Double]
  ) -> (logits: [Double], gradient: [Double]) {
    var h = b
    for k in 0..<hidden {
      for i in x.indices { h[k] += w[k][i] * x[i] }
      h[k] = tanh(h[k])
    }
    var z = Array(repeating: 0.0, count: classes)
    for j in 0..<classes { for k in 0..<hidden { z[j] += v[j][k] * h[k] } }
    let dz = upstream(z)
    var gradient = Array(repeating: 0.0, count: x.count)
    for k in 0..<hidden {
      var back = 0.0
      for j in 0..<classes { back += v[j][k] * dz[j] }
      for i in x.indices { gradient[i] += w[k][i] * (1 - h[k] * h[k]) * back }
    }
    return (z, gradient)
  }
}
