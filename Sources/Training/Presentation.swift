import Attacks
import Datasets
import Spiking
import Torch

/// How a batch of images is shown to the network in training. Labels stay as they are.
public enum Presentation: Sendable {
  /// As it is.
  case clean
  /// Attacked, against the network as it is now: evaluation mode, all time steps, fresh state.
  case adversarial(any Attack)
  /// 1 − x: dark for light.
  case inverted
  /// Pixels uniform in [0, 1] that know nothing of the image.
  case uniformNoise
  /// clamp(x + n, 0, 1) with n normal of this standard deviation.
  case gaussianNoise(deviation: Double)
  /// Attacked as the authors' release does it, defects included. Not a valid evaluation.
  case asReleased(ReleasedAttack)

  /// The batch, shown so.
  ///
  /// - Returns: detached images, and the pass from whose membranes the training pass has to start: nil, a fresh
  ///   state, but for ``asReleased(_:)``.
  func show(
    _ batch: Batch, to network: any SpikingNetwork, encoder: any Encoder,
    _ randomness: StepRandomness
  ) throws -> (images: Tensor, leftBy: ForwardPass?) {
    let generator = randomness.generator(.presentation)
    let images = batch.images
    func drawn(_ draw: () -> Tensor) -> Tensor { draw().moved(to: images.device) }
    switch self {
    case .clean: return (images, nil)
    case .adversarial(let attack):
      let classifier = network.classifier(
        encoder, using: randomness.generator(.attackedCoding))
      let attacked = try attack(
        images, labels: batch.labels, against: classifier, using: generator)
      return (attacked, nil)
    case .inverted: return (withoutGradients { 1 - images }, nil)
    case .uniformNoise:
      return (drawn { .uniform(images.shape, dtype: images.dtype, using: generator) }, nil)
    case .gaussianNoise(let deviation):
      let noise = drawn { .normal(images.shape, dtype: images.dtype, using: generator) }
      return (withoutGradients { (images + noise * deviation).clamped(0, 1) }, nil)
    case .asReleased(let attack):
      let result = try attack.run(
        images, labels: batch.labels, against: network, encoder: encoder, using: generator)
      return (result.images, result.leftBy)
    }
  }
}

extension Presentation: CustomStringConvertible {
  /// As `clean` or `FGSM within L∞ 2/255`.
  public var description: String {
    switch self {
    case .clean: "clean"
    case .adversarial(let attack): "\(attack.name) within \(attack.threat)"
    case .inverted: "inverted"
    case .uniformNoise: "uniform noise"
    case .gaussianNoise(let deviation): "Gaussian noise of deviation \(deviation)"
    case .asReleased(let attack): "\(attack)"
    }
  }
}
