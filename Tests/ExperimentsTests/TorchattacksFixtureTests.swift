import Attacks
import Foundation
import Layers
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// torchattacks' FGSM and PGD on the same spiking network (scripts/fixtures/attacks.py).
///
/// Images were chosen so that no neuron is near its threshold wherever an attack takes a gradient: rounding
/// in another order flips no spike.
@Suite struct TorchattacksFixtureTests {
  let file: NamedTensors
  let classifier: Classifier
  let epsilon: Double
  let stepSize: Double
  let steps: Int

  private struct Options: Decodable {
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
    let fixture = try Fixture.load("attacks.safetensors")
    file = fixture.tensors
    let json = try #require(fixture.metadata["options"])
    let options = try JSONDecoder().decode(Options.self, from: Data(json.utf8))
    (epsilon, stepSize, steps) = (
      options.attack.epsilon, options.attack.alpha, options.attack.steps
    )
    let network = try options.network.network(
      imageSize: file["images"]!.size(2), weightsOf: Fixture.load(options.weights).tensors)
    classifier = network.classifier(DirectEncoding(steps: options.network.steps))
  }

  @Test func `predictions on the clean images are theirs`() {
    expectSamePredictions(file["images"]!, "clean")
  }

  @Test func `FGSM gives their images`() throws {
    let ours = try FGSM(epsilon: epsilon)(
      file["images"]!, labels: file["labels"]!, against: classifier, using: Generator(seed: 0))
    expectSamePixels(ours, "fgsm")
  }

  /// Catches another order of step, projection and clamp, a start that is not used, a step too many or too
  /// few, and state that goes from one iteration to the next.
  @Test func `PGD gives their images from their start`() throws {
    let attack = PGD(.linf(epsilon), stepSize: stepSize, steps: steps)
    let ours = try attack.run(
      file["images"]!, labels: file["labels"]!, against: classifier,
      startingAt: file["start"]!, using: Generator(seed: 0)
    ).adversarial
    expectSamePixels(ours, "pgd")
  }

  /// 99.9 % within 1e-6, and what the network says of them.
  private func expectSamePixels(_ ours: Tensor, _ name: String) {
    let difference = (ours - file[name]!).magnitude()
    let same = (difference .<= 1e-6).sum().item() / Double(difference.count)
    #expect(same >= 0.999, "\(name): \(same) of the pixels are the same")
    // An attack that leaves the images alone would not do.
    let moved = ((file[name]! - file["images"]!).magnitude() .> 1e-3).sum().item()
    #expect(moved / Double(difference.count) > 0.3)
    expectSamePredictions(ours, name)
  }

  private func expectSamePredictions(_ images: Tensor, _ name: String) {
    let ours = withoutGradients { classifier(images).argmax(along: 1) }
    #expect(ours.isIdentical(to: file[name + ".predictions"]!), "\(name)")
  }
}
