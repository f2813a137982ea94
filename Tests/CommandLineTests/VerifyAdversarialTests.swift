import Attacks
import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Torch

/// `verify-adversarial` believes nothing that a file says.
@Suite struct VerifyAdversarialTests {
  static let line = "verify-adversarial a.safetensors --checkpoint run \(Workplace.data)"

  /// An evaluation's file, made once.
  private static let made = Result {
    try Workplace.with(trained: true) { place in
      try place.succeed(
        "evaluate --checkpoint run \(Workplace.data) --epsilon 0.1 --effort quick --images 20 "
          + "--batch-size 16 --out e --save-adversarial")
      return try place.contents("e/adversarial.safetensors")
    }
  }

  private func with(_ body: (Workplace) throws -> Void) throws {
    try Workplace.with(trained: true) { place in
      try place.write(Self.made.get(), to: "a.safetensors")
      try body(place)
    }
  }

  @Test func `a good file holds`() throws {
    try with { place in
      let outcome = try place.run(Self.line + " --json v.json")
      #expect(outcome.exitCode == 0 && outcome.standardOutput.contains("The claim holds."))
      let check = try place.json("v.json", as: AdversarialCheck.self)
      #expect(check.isSound && check.images == 20 && check.robust == check.claimed)
      #expect(check.isClaimedThreat && check.areFirst)
      #expect(outcome.standardOutput.contains("L∞ 0.1 as the file claims"))
      #expect(outcome.standardOutput.contains("the first 20 of "))
      #expect(check.largestDistance > 0.05 && check.largestDistance <= 0.1 + 1e-6)
    }
  }

  struct Tampering: Sendable, CustomTestStringConvertible {
    let name: String
    let tensor: String
    let row: String
    let change: @Sendable (Tensor) -> Tensor
    var testDescription: String { name }
  }

  /// Image 3 of 20 in every case.
  static let tamperings: [Tampering] = [
    .init(name: "pixel out of the ball", tensor: "images", row: "further than ε") {
      replaced($0) { _ in Tensor.full(0.5, shape: [1, 1, 8, 8]) }
    },
    .init(name: "NaN", tensor: "images", row: "not finite") {
      replaced($0) { $0 * Double.nan }
    },
    .init(name: "negative pixel", tensor: "images", row: "outside [0, 1]") {
      replaced($0) { $0 * 0 - 1e-3 }
    },
    .init(name: "wrong label", tensor: "labels", row: "another label") {
      replaced($0) { ($0 + 1).converted(to: .int64) }
    },
    .init(
      name: "wrong prediction without attack", tensor: "clean_predictions",
      row: "another prediction without attack"
    ) {
      replaced($0) { ($0 + 1).converted(to: .int64) }
    },
    .init(name: "wrong prediction", tensor: "predictions", row: "another prediction") {
      replaced($0) { ($0 + 1).converted(to: .int64) }
    },
  ]

  private static func replaced(_ tensor: Tensor, _ change: (Tensor) -> Tensor) -> Tensor {
    tensor.replacing(Tensor([3]), with: change(tensor[3..<4]))
  }

  @Test(arguments: tamperings)
  func `a file that was changed is found out`(_ tampering: Tampering) throws {
    try with { place in
      var file = try Safetensors.read(from: place.path("a.safetensors"))
      file.tensors[tampering.tensor] = tampering.change(file.tensors[tampering.tensor]!)
      try Safetensors.write(file.tensors, metadata: file.metadata, to: place.path("a.safetensors"))
      let outcome = try place.run(Self.line + " --json v.json")
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.standardOutput.contains("The claim does not hold; the first faults are at 3."))
      let row = outcome.standardOutput.split(separator: "\n").first { $0.contains(tampering.row) }
      #expect(row?.hasSuffix(" 1") == true, "\(outcome.standardOutput)")
      let check = try place.json("v.json", as: AdversarialCheck.self)
      #expect(!check.isSound && check.firstFaults == [3])
    }
  }

  /// Catches a bound that the attacker names himself, and images picked for what they show.
  @Test func `a bound from outside is held against the images, and a choice of images is said`()
    throws
  {
    try with { place in
      #expect(
        try place.succeed(Self.line + " --epsilon 0.1").contains("The claim holds within L∞ 0.1."))
      #expect(try place.succeed(Self.line + " --epsilon 8 --norm l2").contains("within L2 8"))
      let outcome = try place.run(Self.line + " --epsilon 0.05 --json v.json")
      #expect(outcome.exitCode == 1 && !outcome.standardOutput.contains("as the file claims"))
      let check = try place.json("v.json", as: AdversarialCheck.self)
      #expect(check.threat == .linf(0.05) && check.bounds.outsideBall > 0 && !check.isClaimedThreat)
      #expect(check.robust.correct >= check.claimed.correct)
      // The file's own images, those that were broken alone, in another order: the digest is made to fit.
      let file = try AdversarialFile(contentsOf: place.path("a.safetensors"))
      let data = try place.tensors("data.safetensors")
      let chosen = file.labels.indices.filter { $0 % 3 == 1 }
      let rows = Tensor(chosen)
      var facts = file.facts
      facts.originals = try ImageDataset(data, from: "data", name: "data", split: .test)
        .digest(at: chosen)
      try AdversarialFile(
        images: file.images.gathering(rows), labels: chosen.map { file.labels[$0] },
        indices: chosen, predictions: chosen.map { file.predictions[$0] },
        cleanPredictions: chosen.map { file.cleanPredictions[$0] }, facts: facts
      ).write(to: place.path("a.safetensors"))
      let some = try place.run(Self.line).standardOutput
      #expect(some.contains("\(chosen.count) chosen of ") && some.contains("not the first ones"))
    }
  }

  /// A larger ε in the facts would let every image through; it is stated, so whoever reads it sees it.
  @Test func `what is no such file, or another's, is refused with a reason`() throws {
    try with { place in
      let good = try place.contents("a.safetensors")
      let file = try Safetensors.read(from: place.path("a.safetensors"))
      func refused(_ message: String, _ line: String = Self.line) throws {
        let outcome = try place.run(line)
        #expect(outcome.exitCode == 1 && outcome.standardOutput == "")
        #expect(outcome.standardError.contains(message), "\(outcome.standardError)")
      }
      try place.write(good.dropLast(100), to: "a.safetensors")
      try refused("a.safetensors: ")
      try place.write(Data(), to: "a.safetensors")
      try refused("a.safetensors: file: expected 8 bytes or more")
      for name in ["images", "labels", "indices", "predictions", "clean_predictions"] {
        var tensors = file.tensors
        tensors[name] = nil
        try Safetensors.write(tensors, metadata: file.metadata, to: place.path("a.safetensors"))
        try refused("a.safetensors: expected tensor '\(name)' ")
        tensors[name] = file.tensors[name]![0..<5]
        try Safetensors.write(tensors, metadata: file.metadata, to: place.path("a.safetensors"))
        try refused("a.safetensors: expected ")
      }
      try Safetensors.write(file.tensors, to: place.path("a.safetensors"))
      try refused(
        "a.safetensors: expected adversarial images with the metadata 'format' and 'facts'")
      try refused(
        "found format, manifest, sha256",
        Self.line.replacing(
          "adversarial a.safetensors", with: "adversarial run/checkpoints/last.safetensors"))

      try place.write(good, to: "a.safetensors")
      try place.writeBadData({ $0 * 0.9 })
      try refused(
        "at these places of bad; name the data set that was attacked",
        Self.line.replacing("tensors:data.safetensors", with: "tensors:bad.safetensors"))
      try place.writeBadData({ $0[0..<8] }, { $0[0..<8] })
      try refused(
        "a.safetensors: expected places below 8",
        Self.line.replacing("tensors:data.safetensors", with: "tensors:bad.safetensors"))
      try place.succeed(
        Workplace.training.replacing("--seed 3", with: "--seed 4") + " --out other")
      try refused(
        "a.safetensors: expected the network with SHA-256",
        Self.line.replacing("--checkpoint run", with: "--checkpoint other"))
    }
  }
}
