import Attacks
import Layers
import Spiking
import Torch

/// FGSM or PGD as the authors' release runs them, each defect by itself (``ReleasedProtocol``). **Not a valid
/// evaluation**, and no ``Attack``: that contract refuses images outside [0, 1] and never sees state.
///
/// With u = x, or u = (x − μ)/σ under `normalizedClamp`, and L the cross-entropy of the time-mean logits:
///
///     FGSM   u′   = clamp(u + ε sgn ∇L(u), 0, 1)
///     PGD    u₀   = clamp(u + random δ in ±ε, 0, 1)
///            uₖ₊₁ = clamp(u + clip(uₖ + α sgn ∇L(uₖ) − u, ±ε), 0, 1)
///
/// as torchattacks 3.5.1 does, in evaluation mode. A clamp of normalised images takes nearly all of them far out
/// of the ball of ε. With all parts: FGSM leaves the state of one step on the unattacked (but unclamped) images;
/// PGD's k-th gradient is that of one step from the state that steps on u₀ … uₖ₋₁ left. Labels and images are
/// checked as for every attack.
public struct ReleasedAttack: Sendable, Equatable {
  public enum Method: Sendable, Equatable {
    case fgsm
    /// In the units of ε.
    case pgd(stepSize: Double, steps: Int)
  }

  public let method: Method
  /// In pixel units; in units of σ under ``ReleasedProtocol/normalizedClamp``.
  public let epsilon: Double
  public let parts: ReleasedProtocol
  /// The network's first layer: its μ and σ.
  public let normalization: PixelNormalization

  public init(
    _ method: Method, epsilon: Double, parts: ReleasedProtocol, normalization: PixelNormalization
  ) {
    self.method = method
    self.epsilon = epsilon
    self.parts = parts
    self.normalization = normalization
  }

  public struct Result {
    /// For the network: pixels, μ + σu under `normalizedClamp`.
    public let images: Tensor
    /// The same where the attack moved them: u.
    public let moved: Tensor
    /// The attacker's pass, with the membranes that its last call left; nil without `leakedState`.
    public let leftBy: ForwardPass?
  }

  /// Attacks every image.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]`, pixels in [0, 1].
  ///   - labels: int64 `[B]`.
  ///   - start: u₀ of PGD, to follow another implementation; drawn when nil.
  ///   - generator: for u₀, then for a stochastic coding.
  /// - Throws: `AttackError` for unusable images, labels or settings and for a gradient that is not finite.
  public func run(
    _ images: Tensor, labels: Tensor, against network: any SpikingNetwork, encoder: any Encoder,
    startingAt start: Tensor? = nil, using generator: Generator
  ) throws(AttackError) -> Result {
    try checkSettings()
    try checkPreconditions(images: images, labels: labels)
    return try withoutGradients { () throws(AttackError) -> Result in
      let originals = parts.contains(.normalizedClamp) ? normalization(images) : images.detached()
      var victim = Victim(self, network, encoder, labels, generator)
      let moved: Tensor
      switch method {
      case .fgsm:
        moved = (originals + (try victim.direction(originals)) * epsilon).clamped(0, 1)
      case .pgd(let stepSize, let steps):
        var point = start ?? randomStart(near: originals, using: generator)
        for _ in 0..<steps {
          let stepped = point + (try victim.direction(point)) * stepSize
          point = (originals + (stepped - originals).clamped(-epsilon, epsilon)).clamped(0, 1)
        }
        moved = point
      }
      return Result(
        images: pixels(moved), moved: moved,
        leftBy: parts.contains(.leakedState) ? victim.pass : nil)
    }
  }

  /// The logits that the released evaluation scores: all T steps on the attacked images, from the state that
  /// the attack left; averaged over time, `[B, classes]`. Parameters and errors as for `run`.
  public func logits(
    _ images: Tensor, labels: Tensor, of network: any SpikingNetwork, encoder: any Encoder,
    startingAt start: Tensor? = nil, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let result = try run(
      images, labels: labels, against: network, encoder: encoder, startingAt: start,
      using: generator)
    return withoutGradients {
      var pass = ForwardPass(.evaluation, startingFrom: result.leftBy, using: generator)
      return network(encoder(result.images, &pass), &pass).mean(along: [0])
    }
  }

  private func checkSettings() throws(AttackError) {
    try ThreatModel.linf(epsilon).check()
    guard case .pgd(let stepSize, let steps) = method else { return }
    try PGD(.linf(epsilon), stepSize: stepSize, steps: steps).checkSettings()
  }

  private func randomStart(near originals: Tensor, using generator: Generator) -> Tensor {
    let drawn = Tensor.uniform(
      originals.shape, in: -epsilon...epsilon, dtype: originals.dtype, using: generator)
    return (originals + drawn.moved(to: originals.device)).clamped(0, 1)
  }

  /// What the network is to be given for a point of the attack's space.
  func pixels(_ point: Tensor) -> Tensor {
    parts.contains(.normalizedClamp) ? normalization.inverted(point) : point
  }
}

extension ReleasedAttack: CustomStringConvertible {
  /// As `FGSM, ε 0.0078, as released (leaked-state; not a valid evaluation)`.
  public var description: String {
    let name =
      switch method {
      case .fgsm: "FGSM"
      case .pgd(_, let steps): "PGD-\(steps)"
      }
    let unit = parts.contains(.normalizedClamp) ? " in normalised units" : ""
    return "\(name) within \(ThreatModel.linf(epsilon))\(unit), \(parts)"
  }
}
