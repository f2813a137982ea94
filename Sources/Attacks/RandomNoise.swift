public import Torch

/// Random points of the ball, without a gradient: what blind luck finds.
///
/// Of n points for each image, and the image itself, it keeps the first that fools, else the one of highest
/// cross-entropy. Only survivors get further points. Images that are misclassified already are left alone.
///
/// A network whose images fall to noise but withstand gradients hides its gradients: Athalye, Carlini and Wagner,
/// *Obfuscated gradients give a false sense of security*, arXiv 1802.00420, section 3.1, sample 10⁵ points an image.
public struct RandomNoise: Attack {
  /// Where the points lie.
  public enum Distribution: Equatable, Sendable {
    /// Every pixel moves by N(0, σ²), σ in pixel units, and the whole is then brought back into the ball and into
    /// [0, 1]: it is *clipped* noise, and ε ≥ 3σ leaves it nearly Gaussian.
    case gaussian(standardDeviation: Double)
    /// L∞: uniform in the ball. L2: uniform direction, radius uniform in [0, ε).
    case uniform
    /// L∞: every pixel moves by +ε or −ε, the ball's corners, much stronger than `uniform`. L2: uniform on the sphere
    /// of radius ε.
    case corner
  }

  public let threat: ThreatModel
  public let distribution: Distribution
  /// n
  public let samples: Int

  public init(_ threat: ThreatModel, _ distribution: Distribution, samples: Int = 1) {
    self.threat = threat
    self.distribution = distribution
    self.samples = samples
  }

  /// `Gaussian noise σ=0.1`, `uniform noise ×100`, `corner noise ×1000`.
  public var name: String {
    let kind =
      switch distribution {
      case .gaussian(let deviation): "Gaussian noise σ=\(deviation)"
      case .uniform: "uniform noise"
      case .corner: "corner noise"
      }
    return kind + (samples == 1 ? "" : " ×\(samples)")
  }

  public func checkSettings() throws(AttackError) {
    guard samples >= 1 else {
      throw .unusable(
        .setting("samples"), expected: "at least 1", found: "\(samples)", remedy: "1000 is usual")
    }
    guard case .gaussian(let deviation) = distribution else { return }
    guard deviation > 0, deviation.isFinite else {
      throw .unusable(
        .setting("standard deviation"), expected: "0 < σ, finite", found: "\(deviation)",
        remedy: "σ is in pixel units of [0, 1]")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let clean = try victim.score(images, labels: labels)
    var worst = WorstSoFar(examples: images, losses: clean.losses, fooled: clean.fooled)
    for _ in 0..<samples {
      let alive = worst.survivors
      guard alive.count > 0 else { break }
      let survivors = images.gathering(alive)
      let point = threat.admissible(
        survivors + draw(like: survivors, using: generator), around: survivors)
      let score = try victim.score(point, labels: labels.gathering(alive))
      worst.consider(point, losses: score.losses, fooled: score.fooled, rows: alive)
    }
    return worst.examples
  }

  /// Drawn on the CPU, so that a seed means the same on every device.
  private func draw(like images: Tensor, using generator: Generator) -> Tensor {
    switch distribution {
    case .gaussian(let deviation):
      let normal = Tensor.normal(images.shape, dtype: images.dtype, using: generator)
      return (normal * deviation).moved(to: images.device)
    case .uniform: return threat.randomPerturbation(like: images, using: generator)
    case .corner:
      // A normal number has a sign, and in L2 a direction that is uniform on the sphere.
      let normal = Tensor.normal(images.shape, dtype: images.dtype, using: generator)
      return (threat.steepestDirection(normal) * threat.epsilon).moved(to: images.device)
    }
  }
}
