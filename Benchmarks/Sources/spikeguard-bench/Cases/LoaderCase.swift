import Datasets
import Foundation
import Torch

/// What one thread takes to make a training batch, against the same pixels by the engine's operators.
///
/// Training makes batches ahead on a thread of their own (`--workers`), so this time is hidden behind the steps as long
/// as it is shorter than they are.
enum LoaderCase: BenchmarkCase {
  static let name = "loader"
  static let abstract =
    "A batch of CIFAR-sized images, plain and augmented, against the engine's operators."

  private static let images = 10_000

  static func run(_ session: inout Session) throws {
    let (dataset, bytes) = try data()
    for batchSize in [32, 128] {
      session.publish(
        try compare(dataset, bytes, batchSize, rounds: session.rounds(9, quick: 5)))
    }
  }

  private static func compare(
    _ dataset: ImageDataset, _ bytes: Tensor, _ batchSize: Int, rounds: Int
  ) throws -> Comparison {
    func loader(_ augmentations: [Augmentation]) -> DataLoader {
      // Nothing ahead: what is asked for is made by the caller.
      DataLoader(
        dataset, batchSize: batchSize, order: .shuffled, seed: 7, augmentations: augmentations,
        partialBatch: .drop, prefetch: 0)
    }
    let plain = loader([])
    let order = plain.sampleOrder(inEpoch: 0)
    func byOperators(_ index: Int) -> Tensor {
      let indices = Tensor(Array(order[index * batchSize..<(index + 1) * batchSize]))
      return bytes.gathering(indices).converted(to: .float32) / 255
    }
    let error = plain.epoch(0).enumerated().map { index, batch in
      batch.images.largestDifference(from: byOperators(index))
    }.max()!
    let batches = plain.batchesPerEpoch
    func contestant(_ name: String, _ body: @escaping () -> Void) -> Contestant {
      Contestant(name) { ContinuousClock().measure(body) / .seconds(1) / Double(batches) }
    }
    let augmented = loader(Augmentation.releasedForCIFAR)
    return try Comparison.measure(
      "Loader: one batch of \(batchSize) from \(images) images of 3 × 32 × 32, bytes in memory",
      .milliseconds,
      [try Agreement("every batch of an epoch, with the operators", error: error, tolerance: 0)],
      [
        contestant("DataLoader") { for _ in plain.epoch(0) {} },
        contestant("gather, convert and divide, \(Engine.threads) threads") {
          for index in 0..<batches { _ = byOperators(index) }
        },
        contestant("DataLoader, crop, Cutout and flip") {
          for _ in augmented.epoch(0) {}
        },
      ], rounds: rounds,
      notes: ["an epoch a round, its order drawn too; the loader's rows are one thread's"])
  }

  /// Noise in a file as CIFAR-10's, read as the command line reads it; and the same as a tensor.
  private static func data() throws -> (ImageDataset, bytes: Tensor) {
    let folder = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask,
      appropriateFor: FileManager.default.temporaryDirectory, create: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, names) = (
      folder.appendingPathComponent("data"), folder.appendingPathComponent("names")
    )
    let record = CIFARLayout.ten.recordByteCount
    let noise = Tensor.uniform([images, record], using: Generator(seed: 5)) * 256
    let bytes = noise.converted(to: .uint8)
    let labels = (Tensor.uniform([images, 1], using: Generator(seed: 6)) * 10).converted(to: .uint8)
    let pixels = bytes.slicing(1..<record, along: 1)
    try Data(Tensor.concatenating([labels, pixels], along: 1).scalars(of: UInt8.self))
      .write(to: file)
    try (0..<10).map(String.init).joined(separator: "\n")
      .write(to: names, atomically: true, encoding: .utf8)
    let dataset = try ImageDataset(
      cifar: [file], layout: .ten, recordsPerFile: images, classFile: names, name: "noise",
      split: .train)
    return (dataset, pixels.contiguous().reshaped([images, 3, 32, 32]))
  }
}
