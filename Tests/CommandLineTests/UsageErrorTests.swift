import ArgumentParser
import TestSupport
import Testing

@testable import spikeguard

/// Command lines that cannot be understood: the parser ends them, before any work. What they are, the extensions say by
/// commands.
@Suite struct UsageErrorTests {
  typealias Line = (line: String, message: String)

  @Test(arguments: generalLines + attackLines + theoryLines)
  func `what cannot be understood is named`(line: String, message: String) {
    let error = #expect(throws: (any Error).self) {
      try SpikeguardCommand.parseAsRoot(line.split(separator: " ").map(String.init))
    }
    guard let error else { return }
    #expect(SpikeguardCommand.message(for: error) == message)
    #expect(SpikeguardCommand.exitCode(for: error) == .validationFailure)
  }

  @Test func `a usage error of the program ends with 64 and the usage`() throws {
    let program = try Workplace.program.get()
    let known =
      "quickstart, train, attack, evaluate, verify-adversarial, audit, curvature, predict, gradients, "
      + "deflate, convert, data, models, runs, theory, doctor"
    for (line, message, command) in [
      (["trian", "--epochs", "2"], "expected one of the commands \(known), found 'trian'", ""),
      (["train", "--widht", "2"], "Unknown option '--widht'. Did you mean '--width'?", " train"),
    ] {
      let outcome = try program.run(line)
      #expect(outcome.exitCode == 64 && outcome.standardOutput == "")
      #expect(outcome.standardError.hasPrefix("Error: \(message)\nUsage: spikeguard\(command) "))
    }
  }

  static func source(_ found: String) -> String {
    "the network: expected one source, found \(found); name a checkpoint (CHECKPOINT alone or "
      + "--checkpoint FILE) or --weights FILE"
  }

  static let generalLines: [Line] = [
    ("train --data tensors:d --widht 1", "Unknown option '--widht'. Did you mean '--width'?"),
    ("train --epochs two", "--epochs: expected a whole number, found 'two'"),
    (
      "train --data tensors:d --model vgg6",
      "--model: expected one of vgg5, vgg11, vgg13, vgg16, vgg19, resnet18, resnet34, nf-resnet18, "
        + "nf-resnet34, nf-resnet50, found 'vgg6'"
    ),
    (
      "train --data tensors:d --stem mnist",
      "--stem: expected one of cifar, imagenet, auto, found 'mnist'"
    ),
    (
      "predict --checkpoint c --data tensors:d --split dev --out new",
      "The value 'dev' is invalid for '--split <split>'. Please provide one of 'train' and 'test'."
    ),
    ("predict --checkpoint c --data tensors:d", "Missing expected argument '--out <out>'"),
    (
      "models --data fashion-mnist --image-size 32",
      "--data says --image-size and --channels itself; give one or the other"
    ),
    (
      "train --data tensors:d --resume --overwrite",
      "--resume goes on from what --overwrite would replace; give one of them"
    ),
    ("verify-adversarial --checkpoint c", "Missing expected argument '<file>'"),
  ]
}
