import Experiments
import Foundation
import TestSupport
import Testing

/// `curvature` on a network that was trained in the test.
@Suite struct CurvatureCommandTests {
  static let line =
    "curvature --checkpoint run --data tensors:data.safetensors --split train --batches 2 "
    + "--batch-size 8 --epsilon 0.1 --density-steps 5 --density-vectors 1 --trace-products 6"

  /// What readers of the file need; the file has more.
  struct Record: Decodable {
    struct Inference: Decodable {
      struct Batch: Decodable {
        struct Eigenvalue: Decodable {
          let value: Double
          let residual: Double
          let converged: Bool
        }
        let eigenvalues: [Eigenvalue]
        let products: Int
        let images: Int
      }
      struct Trace: Decodable { let value: Double }
      let kind: String
      let product: String
      let batches: [Batch]
      let trace: Trace?
    }
    let parameters: Int
    let inferences: [Inference]
  }

  @Test func `the terminal, the file and the page say the same`() throws {
    try Workplace.with(trained: true) { place in
      let outcome = try place.run(Self.line + " --json c.json --out curvature")
      #expect(outcome.exitCode == 0, "\(outcome.standardError)")
      #expect(outcome.standardError.contains("a product; at most "))
      let output = outcome.standardOutput
      #expect(try place.contents("c.json") == place.contents("curvature/curvature.json"))
      let record = try place.json("c.json", as: Record.self)
      #expect(record.inferences.map(\.kind) == ["clean", "fgsm", "pgd"])
      let page = String(decoding: try place.contents("curvature/curvature.html"), as: UTF8.self)
      for (inference, title) in zip(record.inferences, ["clean", "FGSM", "PGD"]) {
        #expect(inference.batches.count == 2 && inference.trace != nil)
        for (index, batch) in inference.batches.enumerated() {
          #expect(batch.eigenvalues.count == 5 && batch.images == 8)
          let values = batch.eigenvalues.map { String(format: "%.4g (", $0.value) }
          let row = try #require(
            output.split(separator: "\n").first { $0.hasPrefix("  \(title) \(index + 1) ") })
          for value in values { #expect(row.contains(value) && page.contains(value)) }
        }
        #expect(output.contains("  \(title): asymmetry ‖J − Jᵀ‖/‖J‖ = "))
      }
      #expect(output.contains("No numbers of the paper beside ours: the paper has no data."))
    }
  }

  @Test func `an interrupted command writes the batches that it has`() throws {
    try Workplace.with(trained: true) { place in
      let outcome = try place.run(
        Self.line.replacing("--batches 2 --batch-size 8", with: "--batches 10 --batch-size 4")
          + " --json c.json --out curvature",
        // The cost is told when the first batch begins.
        interruption: .init(SIGINT, onceSaid: "a product; at most "))
      #expect(outcome.exitCode == 130)
      let record = try place.json("c.json", as: Record.self)
      let count = record.inferences.reduce(0) { $0 + $1.batches.count }
      #expect((1..<30).contains(count))
      #expect(outcome.standardOutput.contains("Stopped after \(count) of 30 batches"))
      #expect(outcome.standardError.contains("stopped by a signal after \(count) batches"))
    }
  }

  @Test func `options reach the measurement`() throws {
    try Workplace.with(trained: true) { place in
      let output = try place.succeed(
        Self.line
          + " --whole --inference fgsm --count 2 --product gauss-newton --precision float64 "
          + "--solver power-iteration --max-products 40 --loss each-step --no-density --no-trace "
          + "--json c.json")
      let record = try place.json("c.json", as: Record.self)
      #expect(record.inferences.count == 1 && record.inferences[0].product == "gaussNewton")
      let batch = try #require(record.inferences[0].batches.first)
      #expect(record.inferences[0].batches.count == 1 && batch.images == 16)
      #expect(batch.eigenvalues.count == 2 && batch.products <= 40)
      #expect(record.inferences[0].trace == nil)
      for text in ["FGSM whole", "Gv, Gauss–Newton", "float64", "power iteration", "each step's"] {
        #expect(output.contains(text), "\(text)")
      }
    }
  }
}
