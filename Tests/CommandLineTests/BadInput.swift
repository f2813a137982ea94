import Foundation
import TestSupport
import Testing
import Torch

/// A command line that must fail in its work: with which text, and without touching a file.
struct BadInput: CustomTestStringConvertible, Sendable {
  /// Arguments; `CHECKPOINT` and `DATA` stand for good ones.
  let line: String
  /// What follows `Error: `, with the folder as `DIR`.
  let message: String
  /// Makes the bad file.
  let prepare: @Sendable (Workplace) throws -> Void

  init(
    _ line: String, _ message: String,
    prepare: @escaping @Sendable (Workplace) throws -> Void = { _ in }
  ) {
    self.line = line
    self.message = message
    self.prepare = prepare
  }

  static let checkpoint = "--checkpoint run/checkpoints/last.safetensors"

  var testDescription: String { line }

  func check() throws {
    try Workplace.with(trained: true) { place in
      try prepare(place)
      let before = try place.files()
      let arguments = line.replacing("CHECKPOINT", with: Self.checkpoint)
        .replacing("DATA", with: Workplace.data)
      let outcome = try place.run(arguments)
      #expect(outcome.exitCode == 1)
      #expect(outcome.standardOutput == "")
      let text = outcome.standardError.replacing(place.folder, with: "DIR")
      let start = try #require(text.range(of: "Error: "), "\(text)")
      #expect(text[start.upperBound...] == message + "\n")
      #expect(try place.files() == before, "a file was changed, lost or left behind")
    }
  }
}

extension Workplace {
  /// `data.safetensors` with other images or labels, as `bad.safetensors`.
  func writeBadData(_ images: (Tensor) -> Tensor = { $0 }, _ labels: (Tensor) -> Tensor = { $0 })
    throws
  {
    let good = Self.quarters
    try write(
      ["images": images(good["images"]!), "labels": labels(good["labels"]!)],
      to: "bad.safetensors")
  }

  /// MNIST's four files with 6 images of 8×8, in `idx`; one of them with other content.
  func writeIDX(_ name: String, _ change: (Data) -> Data) throws {
    let images = idxContent(shape: [6, 8, 8], elements: (0..<384).map { UInt8($0 % 251) })
    let labels = idxContent(shape: [6], elements: [0, 1, 2, 3, 4, 9])
    for (file, content) in [
      "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels,
      "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels,
    ] {
      try write(file == name ? change(content) : content, to: "idx/" + file)
    }
  }
}
