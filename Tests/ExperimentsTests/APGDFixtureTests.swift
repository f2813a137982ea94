import Attacks
import Foundation
import Layers
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// pyautoattack's APGD on the same spiking network, image by image (scripts/fixtures/apgd_vgg.py).
///
/// Images were chosen so that no neuron is near its threshold wherever an attack takes a gradient: rounding in
/// another order flips no spike. Where nothing fools, theirs returns the image itself and ours the point of highest
/// loss, so the pixels are compared of the images that were fooled.
@Suite struct APGDFixtureTests {
  let file: NamedTensors
  let classifier: Classifier
  let threat: ThreatModel
  let steps: Int
  let targets: Int
  let seed: Int

  private struct Options: Decodable {
    struct Attack: Decodable {
      let epsilon: Double
      let steps: Int
      let targets: Int
    }
    let attack: Attack
    let network: NetworkDescription
    let weights: String
  }

  init() throws {
    let fixture = try Fixture.load("apgd-vgg.safetensors")
    file = fixture.tensors
    let json = try #require(fixture.metadata["options"])
    let options = try JSONDecoder().decode(Options.self, from: Data(json.utf8))
    threat = .linf(options.attack.epsilon)
    (steps, targets) = (options.attack.steps, options.attack.targets)
    seed = try #require(fixture.metadata["seed"].flatMap { Int($0) })
    let network = try options.network.network(
      imageSize: file["images"]!.size(2), weightsOf: Fixture.load(options.weights).tensors)
    classifier = network.classifier(DirectEncoding(steps: options.network.steps))
  }

  @Test(arguments: ["ce", "dlr", "t"])
  func `APGD gives their images from their seed`(name: String) throws {
    let attack: any Attack =
      switch name {
      case "ce": APGD(threat, steps: steps)
      case "dlr": APGD(threat, loss: .logitRatio, steps: steps)
      default: TargetedAPGD(threat, steps: steps, targets: targets)
      }
    var fooled = 0
    for row in 0..<file["images"]!.size(0) {
      let (image, label) = (file["images"]![row..<row + 1], file["labels"]![row..<row + 1])
      let ours = try attack(
        image, labels: label, against: classifier, using: Generator(seed: UInt64(seed + row)))
      let prediction = withoutGradients { classifier(ours).argmax(along: 1) }
      let expected = file["\(name).predictions"]![row..<row + 1]
      #expect(prediction.isIdentical(to: expected), "image \(row)")
      guard !expected.isIdentical(to: label) else { continue }
      fooled += 1
      let same = ((ours - file[name]![row..<row + 1]).magnitude() .<= 1e-6).sum().item()
      #expect(same >= 0.999 * Double(image.count), "image \(row): \(same) of \(image.count)")
    }
    #expect(fooled >= 2)
  }
}
