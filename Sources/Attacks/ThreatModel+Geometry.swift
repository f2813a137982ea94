public import Torch

extension ThreatModel {
  /// ‖x′ − x‖ of each image: `[B]`, float64 whatever the images' type.
  public func distances(from images: Tensor, to others: Tensor) -> Tensor {
    let change = others.converted(to: .float64) - images.converted(to: .float64)
    return Self.rows(change).norm(norm == .linf ? .infinity : 2, along: [1])
  }

  /// How far beyond ε rounding may take an honest attack: τ a pixel, with τ = 1e-6 for float32 and 1e-12
  /// for float64. That is τ in L∞, and τ√D in L2 for images of D numbers.
  public func tolerance(for images: Tensor) -> Double {
    let pixel = images.dtype == .float64 ? 1e-12 : 1e-6
    let numbers = images.shape.dropFirst().reduce(1, *)
    return norm == .linf ? pixel : pixel * Double(numbers).squareRoot()
  }

  /// The nearest perturbation of size ≤ ε: clipped in L∞, scaled image by image in L2.
  func projected(_ delta: Tensor) -> Tensor {
    switch self {
    case .linf: return delta.clamped(-epsilon, epsilon)
    case .l2:
      let radius = Tensor.full(epsilon, shape: [1], dtype: delta.dtype, device: delta.device)
      // 0 / 0 cannot occur: an attack with ε = 0 never runs. ε / 0 = ∞ leaves a zero as it is.
      let factor = (radius / Self.rows(delta).norm(along: [1])).clamped(nil, 1)
      return delta * Self.column(factor, like: delta)
    }
  }

  /// `images` moved by `delta` as far as the threat model lets it: projection onto the ball, then clamp to
  /// [0, 1]. The clamp comes last; it can only bring a pixel nearer to where it was.
  func moved(_ images: Tensor, by delta: Tensor) -> Tensor {
    (images + projected(delta)).clamped(0, 1)
  }

  /// `point` brought back to an admissible one: projection onto the ball, then clamp to [0, 1].
  func admissible(_ point: Tensor, around images: Tensor) -> Tensor {
    switch self {
    // Bounds, not a clipped difference: a point that is admissible already stays bit for bit what it is.
    case .linf:
      return Tensor.minimum(Tensor.maximum(point, images - epsilon), images + epsilon)
        .clamped(0, 1)
    case .l2: return moved(images, by: point - images)
    }
  }

  /// The unit step along which a linear loss grows fastest: sgn(g) in L∞, with sgn(0) = 0; g/‖g‖₂ in L2,
  /// at any scale of g, and 0 where g is 0.
  func steepestDirection(_ gradient: Tensor) -> Tensor {
    switch self {
    case .linf: return gradient.sign()
    case .l2:
      // Dividing by the largest component first keeps the squares of tiny gradients from vanishing.
      let scaled = Self.scaledToUnitMaximum(gradient)
      let length = Self.rows(scaled).norm(along: [1])
      return scaled / Self.column(Self.oneWhereZero(length), like: gradient)
    }
  }

  /// A random perturbation of size ≤ ε for each image, drawn on the CPU so that a seed means the same on
  /// every device.
  ///
  /// L∞: uniform in the ball. L2: uniform direction, and radius uniform in [0, ε), which favours the
  /// centre (torchattacks does the same; a uniform point of the ball would nearly always lie at its rim).
  func randomPerturbation(like images: Tensor, using generator: Generator) -> Tensor {
    let drawn: Tensor
    switch self {
    case .linf:
      drawn = Tensor.uniform(
        images.shape, in: -epsilon...epsilon, dtype: images.dtype, using: generator)
    case .l2:
      let normal = Tensor.normal(images.shape, dtype: images.dtype, using: generator)
      let radii = Tensor.uniform([images.size(0)], dtype: images.dtype, using: generator)
      drawn = steepestDirection(normal) * Self.column(radii * epsilon, like: images)
    }
    return drawn.moved(to: images.device)
  }

  /// A random point of the ball's surface around each image, clamped to [0, 1]: `x + ε t/max|t|` with t uniform in
  /// L∞, `x + ε t/‖t‖₂` with t normal in L2. Drawn on the CPU.
  func surfacePoint(around images: Tensor, using generator: Generator) -> Tensor {
    let direction: Tensor
    switch self {
    case .linf:
      direction = Self.scaledToUnitMaximum(
        Tensor.uniform(images.shape, in: -1...1, dtype: images.dtype, using: generator))
    case .l2:
      direction = steepestDirection(
        Tensor.normal(images.shape, dtype: images.dtype, using: generator))
    }
    return (images + direction.moved(to: images.device) * epsilon).clamped(0, 1)
  }

  /// `[B, ...]` as `[B, D]`; works for an empty batch, where −1 would be ambiguous.
  static func rows(_ images: Tensor) -> Tensor {
    images.reshaped([images.size(0), images.shape.dropFirst().reduce(1, *)])
  }

  /// `[B]` as `[B, 1, ...]` of the rank of `images`.
  static func column(_ values: Tensor, like images: Tensor) -> Tensor {
    values.reshaped([images.size(0)] + Array(repeating: 1, count: images.rank - 1))
  }

  /// Row by row of the batch: `yes` where `mask`, `[B]`, is true, else `no`.
  static func rowwise(_ mask: Tensor, _ yes: Tensor, _ no: Tensor) -> Tensor {
    Tensor.select(column(mask, like: yes), yes, no)
  }

  /// g/max|g| of each image; 0 where g is 0.
  static func scaledToUnitMaximum(_ gradient: Tensor) -> Tensor {
    let largest = rows(gradient).norm(.infinity, along: [1])
    return gradient / column(oneWhereZero(largest), like: gradient)
  }

  /// `values` of each image over the sum of its `weights`, which are ≥ 0; 0 weights divide by 1.
  static func overSum(_ values: Tensor, of weights: Tensor) -> Tensor {
    values / column(oneWhereZero(rows(weights).sum(along: [1])), like: values)
  }

  private static func oneWhereZero(_ values: Tensor) -> Tensor {
    values + (values .== 0).converted(to: values.dtype)
  }
}
