import Datasets
import Experiments
import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// `attack`: its images are admissible, its numbers follow from them, and its starts can be given.
@Suite struct AttackCommandTests {
  /// The defects are in the record and on the screen, and change the numbers; alone, each is another attack.
  @Test func `the release's way of attacking is labelled`() throws {
    try Workplace.with(trained: true) { place in
      let line =
        "attack --checkpoint run \(Workplace.data) --epsilon 0.1 --step-size 0.05 --steps 3 "
      var correct: [String: Int] = [:]
      for flag in [
        "--protocol as-released", "--one-step-attack", "--leaked-state", "--normalized-clamp",
      ] {
        let text = try place.succeed(line + flag + " --json r.json")
        #expect(text.contains("not a valid evaluation"), "\(text)")
        let record = try place.json("r.json", as: ReleasedRecord.self)
        #expect(record.released.count == (flag.hasPrefix("--protocol") ? 3 : 1))
        #expect(record.underAttack.score.total == 40 && record.clean.correct >= 30)
        correct[flag] = record.underAttack.score.correct
      }
      #expect(Set(correct.values).count > 1, "\(correct)")
      try place.succeed(line + "--json valid.json")
      #expect(try place.json("valid.json", as: ReleasedRecord.self).released.isEmpty)
      let refused = try place.run(line + "--leaked-state --restarts 2")
      #expect(refused.exitCode == 1)
      #expect(
        refused.standardError.hasSuffix(
          "expected one run from a random start, found --restarts 2; the release has neither\n"))
    }
  }

  struct ReleasedRecord: Decodable {
    let released: [String]
    let clean: Score
    let underAttack: AttackScore
  }

  struct Record: Decodable {
    let clean: Score
    let underAttack: AttackScore
  }

  static let source = ExchangeTests.source

  @Test(arguments: [("fgsm", 0.2), ("pgd", 0.2), ("pgd", 0)])
  func `the numbers follow from the images that are saved`(attack: String, epsilon: Double) throws {
    try Workplace.with(trained: true) { place in
      let output = try place.succeed(
        "attack \(Self.source) --attack \(attack) --epsilon \(epsilon) --batch-size 16 "
          + (attack == "pgd" ? "--step-size 0.05 " : "")
          + "--save-adversarial a.safetensors --json r.json")
      let adversarial = try #require(place.tensors("a.safetensors")["adversarial"])
      let data = try place.tensors("data.safetensors")
      let change = (adversarial - data["images"]!).magnitude()
      #expect(adversarial.isFinite().allTrue())
      #expect(adversarial.min().item() >= 0 && adversarial.max().item() <= 1)
      #expect(change.max().item() <= epsilon + 1e-6)
      #expect(epsilon == 0 || (change .> epsilon / 2).sum().item() > 0.5 * Double(change.count))

      let network = try LoadedNetwork(checkpoint: place.path("run/checkpoints/last.safetensors"))
      func isRight(_ images: Tensor) -> Tensor {
        withoutGradients { network.classifier()(images).argmax(along: 1) .== data["labels"]! }
      }
      let (clean, robust) = (isRight(data["images"]!), isRight(adversarial))
      let record = try place.json("r.json", as: Record.self)
      #expect(record.clean == Score(correct: Int(clean.sum().item()), total: 40))
      let still = Int((clean .& robust).sum().item())
      #expect(record.underAttack.score == Score(correct: still, total: 40))
      #expect(record.underAttack.epsilon == epsilon && record.underAttack.seed == 0)
      #expect(epsilon == 0 ? still == record.clean.correct : still < record.clean.correct)
      #expect(output.contains("\(record.clean.correct)/40") && output.contains("\(still)/40"))
    }
  }

  @Test func `starting points, seeds and restarts do what they say`() throws {
    try Workplace.with(trained: true) { place in
      let images = try place.tensors("data.safetensors")["images"]!
      try place.write(["start": images], to: "images.safetensors")
      try place.write(["start": (images + 0.05).clamped(0, 1)], to: "moved.safetensors")
      func attacked(_ options: String) throws -> Data {
        try place.succeed(
          "attack \(Self.source) --epsilon 0.1 --steps 3 --batch-size 16 "
            + "--save-adversarial a.safetensors " + options)
        return try place.contents("a.safetensors")
      }
      let random = try attacked("--seed 1")
      let fromImages = try attacked("--no-random-start")
      #expect(try attacked("--seed 1") == random)
      #expect(try attacked("--seed 2") != random)
      #expect(fromImages != random)
      #expect(try attacked("--start images.safetensors") == fromImages)
      #expect(try attacked("--start moved.safetensors --seed 5") != fromImages)
      #expect(try attacked("--seed 1 --restarts 3") != random)
    }
  }
}
