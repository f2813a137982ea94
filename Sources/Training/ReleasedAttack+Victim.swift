import Attacks
import Layers
import Spiking
import Torch

extension ReleasedAttack {
  /// The network as this attack calls it.
  struct Victim {
    let attack: ReleasedAttack
    let network: any SpikingNetwork
    let encoder: any Encoder
    let labels: Tensor
    let generator: Generator
    /// Of the calls so far, where the state leaks.
    private(set) var pass: ForwardPass

    init(
      _ attack: ReleasedAttack, _ network: any SpikingNetwork, _ encoder: any Encoder,
      _ labels: Tensor, _ generator: Generator
    ) {
      self.attack = attack
      self.network = network
      self.encoder = encoder
      self.labels = labels
      self.generator = generator
      pass = ForwardPass(
        .evaluation, carryingMembranes: attack.parts.contains(.leakedState), using: generator)
    }

    /// sgn of the gradient of the summed cross-entropy.
    mutating func direction(_ point: Tensor) throws(AttackError) -> Tensor {
      let input = point.requiringGradient()
      let gradient = withGradients {
        var signal = encoder(attack.pixels(input), &pass)
        if attack.parts.contains(.oneStepAttack) { signal = signal.firstStep }
        let logits = network(signal, &pass).mean(along: [0])
        return logits.crossEntropy(labels, reduction: .sum).gradients(of: ["u": input])["u"]!
      }
      guard gradient.isFinite().allTrue() else {
        throw .unusable(
          .gradient, expected: "finite numbers", found: "NaN or infinity",
          remedy: "the network has diverged: an attack on it would mean nothing")
      }
      return gradient.sign()
    }
  }
}

extension Signal {
  /// The first time step alone.
  fileprivate var firstStep: Signal {
    isConstant
      ? Signal(constant: values, steps: 1)
      : Signal(stepped: values.slicing(0..<batchSize, along: 0), steps: 1)
  }
}

extension PixelNormalization {
  /// Pixels of normalised values: x = μ + σ z.
  func inverted(_ values: Tensor) -> Tensor {
    let channels = [mean.count, 1, 1]
    let mean = Tensor(self.mean, shape: channels).converted(to: values.dtype)
    let deviation = Tensor(standardDeviation, shape: channels).converted(to: values.dtype)
    return values * deviation.moved(to: values.device) + mean.moved(to: values.device)
  }
}
