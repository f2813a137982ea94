import Attacks
import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch
import Training

/// torchattacks on SpikingJelly's single-step network as the release runs both (scripts/fixtures/released.py),
/// each defect alone and all together.
@Suite struct ReleasedFixtureTests {
  let file: NamedTensors
  let network: VGG
  let encoder: DirectEncoding
  let threat: Options.Attack

  struct Options: Decodable {
    struct Attack: Decodable {
      let epsilon: Double
      let alpha: Double
      let steps: Int
    }
    let attack: Attack
    let network: NetworkDescription
    let weights: String
  }

  init() throws {
    let fixture = try Fixture.load("released.safetensors")
    file = fixture.tensors
    let json = try #require(fixture.metadata["options"])
    let options = try JSONDecoder().decode(Options.self, from: Data(json.utf8))
    threat = options.attack
    let weights = try Fixture.load(options.weights).tensors
    let described = try options.network.network(
      imageSize: file["images"]!.size(2), weightsOf: weights)
    let attached = try #require(described as? VGG)
    var configuration = attached.configuration
    var neuron = try #require(configuration.neuron as? LIF)
    neuron.temporalGradient = .withinStep
    configuration.neuron = neuron
    network = try VGG(configuration, using: Generator(seed: 0))
    try network.load(attached.weights)
    encoder = DirectEncoding(steps: options.network.steps)
  }

  private static let cases: [String: ReleasedProtocol] = [
    "all": .all, "step": .oneStepAttack, "leak": .leakedState, "clamp": .normalizedClamp,
  ]

  private func attack(_ method: String, _ parts: ReleasedProtocol) -> ReleasedAttack {
    ReleasedAttack(
      method == "fgsm" ? .fgsm : .pgd(stepSize: threat.alpha, steps: threat.steps),
      epsilon: threat.epsilon, parts: parts, normalization: network.configuration.normalization)
  }

  private func result(_ attack: ReleasedAttack) throws -> (moved: Tensor, logits: Tensor) {
    let (images, labels) = (file["images"]!, file["labels"]!)
    let start =
      file[attack.parts.contains(.normalizedClamp) ? "start.normalized" : "start.pixels"]!
    let result = try attack.run(
      images, labels: labels, against: network, encoder: encoder, startingAt: start,
      using: Generator(seed: 0))
    let logits = try attack.logits(
      images, labels: labels, of: network, encoder: encoder, startingAt: start,
      using: Generator(seed: 0))
    return (result.moved, logits)
  }

  /// Catches a state that is reset or of other calls, T steps in place of one, statistics of the batch, ε in
  /// pixels, and a clamp before or after normalisation.
  @Test(arguments: ["all", "step", "leak", "clamp"], ["fgsm", "pgd"])
  func `attacked images and the logits after them are theirs`(name: String, method: String) throws {
    let before = network.weights.map { $0.detached().copied() }
    let ours = try result(attack(method, Self.cases[name]!))
    let difference = (ours.moved - file["\(name).\(method).moved"]!).magnitude()
    let same = (difference .<= 1e-6).sum().item() / Double(difference.count)
    #expect(same >= 0.999, "\(same) of the numbers are the same")
    expectClose(ours.logits, file["\(name).\(method).logits"]!, relative: 0, absolute: 1e-3)
    for (name, tensor) in before { #expect(network.weights[name]!.isIdentical(to: tensor)) }
  }

  /// The fixture could not tell the parts apart otherwise.
  @Test(arguments: ["fgsm", "pgd"])
  func `every part changes the result`(method: String) throws {
    let all = try result(attack(method, .all))
    for part in [ReleasedProtocol.oneStepAttack, .leakedState, .normalizedClamp] {
      let without = try result(attack(method, .all.subtracting(part)))
      #expect((without.logits - all.logits).magnitude().max().item() > 0.01, "\(part)")
    }
  }
}
