import Datasets

/// What can be said of a data set's content in numbers.
public struct DatasetSummary: Codable, Sendable, Equatable {
  public let facts: DatasetFacts
  /// `[C, H, W]`
  public let shape: [Int]
  public let classes: [ClassCount]
  /// For each channel, over all pixels in [0, 1].
  public let pixelMean: [Double]
  public let pixelDeviation: [Double]

  public struct ClassCount: Codable, Sendable, Equatable {
    public let name: String
    public let count: Int
  }

  public init(of dataset: ImageDataset) {
    facts = DatasetFacts(dataset)
    shape = [dataset.shape.channels, dataset.shape.height, dataset.shape.width]
    classes = zip(dataset.classNames, dataset.classCounts).map { ClassCount(name: $0, count: $1) }
    let statistics = dataset.pixelStatistics
    pixelMean = statistics.map(\.mean)
    pixelDeviation = statistics.map(\.deviation)
  }
}
