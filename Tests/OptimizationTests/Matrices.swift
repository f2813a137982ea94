import Torch

@testable import Optimization

/// Test matrices whose singular values are known, and float64 LAPACK as the oracle.
enum Matrices {
  /// U diag(values) Vᵀ with random orthonormal U and V, float64.
  static func planted(_ rows: Int, _ columns: Int, _ values: [Double], seed: UInt64) -> Tensor {
    let generator = Generator(seed: seed)
    let u = orthonormal(rows, values.count, generator)
    let v = orthonormal(columns, values.count, generator)
    return (u * Tensor(values)).matmul(v.transposed())
  }

  static func orthonormal(_ rows: Int, _ columns: Int, _ generator: Generator) -> Tensor {
    Tensor.normal([rows, columns], dtype: .float64, using: generator).qr().q
  }

  static func noise(_ shape: [Int], seed: UInt64, dtype: DType = .float32) -> Tensor {
    Tensor.normal(shape, dtype: dtype, using: Generator(seed: seed))
  }

  /// The gradient δᵀx of a layer whose inputs have a positive mean, as after a spiking neuron: a strong leading
  /// direction over a decaying tail.
  static func gradient(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    let generator = Generator(seed: seed)
    let inputs = (Tensor.normal([256, columns], using: generator) - 0.8).relu()
    let scale = Tensor.uniform([rows], in: 0.05...1, using: generator)
    return (Tensor.normal([256, rows], using: generator) * scale).transposed().matmul(inputs)
  }

  /// The same where each input stands there 49 times, as before the released head: long sums of equal products.
  static func gradientOfCopies(_ rows: Int, _ features: Int, seed: UInt64) -> Tensor {
    gradient(rows, features, seed: seed).unsqueezed(2).expanded(to: [rows, features, 49])
      .flattened(from: 1).contiguous()
  }

  /// G − σ₁u₁v₁ᵀ and the singular values by LAPACK in float64.
  static func reference(_ matrix: Tensor) throws -> (deflated: Tensor, values: [Double]) {
    let wide = matrix.converted(to: .float64)
    let (u, s, vh) = try wide.singularValueDecomposition()
    let values = s.scalars(of: Double.self)
    return (wide - u.selecting(0, along: 1).outer(vh[0]) * values[0], values)
  }
}

/// One gradient through a transform of its own, named "w".
func applied(_ transform: some GradientTransform, to gradient: Tensor) -> Tensor {
  var transform = transform
  return applied(&transform, to: gradient)
}

func applied(_ transform: inout some GradientTransform, to gradient: Tensor) -> Tensor {
  var gradients: NamedTensors = ["w": gradient]
  transform.apply(to: &gradients, at: ["w": Tensor.zeros(like: gradient)], step: 0)
  return gradients["w"]!
}

/// ‖a − b‖ / ‖b‖ in float64.
func relativeError(_ a: Tensor, _ b: Tensor) -> Double {
  let (a, b) = (a.converted(to: .float64), b.converted(to: .float64))
  return (a - b).norm().item() / b.norm().item()
}

/// ⟨a, b⟩ in float64.
func inner(_ a: Tensor, _ b: Tensor) -> Double {
  (a.converted(to: .float64) * b.converted(to: .float64)).sum().item()
}
