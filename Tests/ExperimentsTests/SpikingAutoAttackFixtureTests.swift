import Attacks
import Foundation
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// pyautoattack's FAB, FAB-T and Square on a spiking network (scripts/fixtures/autoattack.py).
@Suite struct SpikingAutoAttackFixtureTests {
  private struct Options: Decodable {
    struct Budget: Decodable {
      let epsilon: Double
      let steps: Int
      let targets: Int
      let queries: Int
    }
    let spiking: Budget
    let network: NetworkDescription
    let weights: String
  }

  private let file: NamedTensors
  private let budget: Options.Budget
  private let seed: UInt64
  private let classifier: Classifier

  init() throws {
    let fixture = try Fixture.load("autoattack.safetensors")
    file = fixture.tensors
    let json = try #require(fixture.metadata["options"])
    let options = try JSONDecoder().decode(Options.self, from: Data(json.utf8))
    budget = options.spiking
    seed = try #require(UInt64(fixture.metadata["seed"] ?? ""))
    let network = try options.network.network(
      imageSize: file["spiking.images"]!.size(2), weightsOf: Fixture.load(options.weights).tensors)
    classifier = network.classifier(DirectEncoding(steps: options.network.steps))
  }

  private func found(_ attack: some Attack) throws -> Tensor {
    try attack(
      file["spiking.images"]!, labels: file["spiking.labels"]!, against: classifier,
      using: Generator(seed: seed))
  }

  private func errors(_ images: Tensor) -> [Bool] {
    let predictions = withoutGradients { classifier(images) }.argmax(along: 1)
    return zip(predictions.scalars(of: Int.self), file["spiking.labels"]!.scalars(of: Int.self))
      .map(!=)
  }

  /// Decisions only, so that rounding hardly matters: the same images.
  @Test func `Square gives the same images from the same seed`() throws {
    let ours = try found(Square(.linf(budget.epsilon), queries: budget.queries))
    let theirs = file["spiking.square"]!
    let same = ((ours - theirs).magnitude() .<= 1e-6).sum().item() / Double(ours.count)
    #expect(same >= 0.999, "\(same) of the pixels are the same")
    #expect(errors(ours) == errors(theirs))
    #expect(errors(theirs).contains(false) && errors(theirs).contains(true))
  }

  /// The nearest error of an image lies on a neuron's threshold, where rounding in another order may decide: one image may
  /// have another, at another distance. Here all are the same to 3e-7.
  @Test(arguments: [false, true])
  func `FAB gives the same images`(targeted: Bool) throws {
    let threat = ThreatModel.linf(budget.epsilon)
    let ours =
      targeted
      ? try found(TargetedFAB(threat, steps: budget.steps, targets: budget.targets))
      : try found(FAB(threat, steps: budget.steps))
    let theirs = file[targeted ? "spiking.fab-t" : "spiking.fab"]!
    let same = threat.distances(from: theirs, to: ours).scalars(of: Double.self)
      .count { $0 <= 1e-5 }
    #expect(same >= ours.size(0) - 1, "\(same) images are the same")
    #expect(errors(ours) == errors(theirs))
    // Each moved to a distance of its own: an attack that leaves them alone, or at ε, would not do.
    let distances = threat.distances(from: file["spiking.images"]!, to: ours)
    let moved = distances.scalars(of: Double.self).filter { $0 > 0 && $0 < threat.epsilon }
    #expect(Set(moved).count >= 4)
  }
}
