import TestSupport
import Testing
import Torch

@testable import Datasets

/// Facts that anyone can look up about the real data; skipped where set-up could not have them.
@Suite(.enabled(if: InstalledFashionMNIST.isExpected, "\(InstalledFashionMNIST.comment)"))
struct FashionMNISTTests {
  @Test("60,000 and 10,000 images of 28×28, as many of each of the ten classes")
  func counts() throws {
    for (split, count) in [(ImageDataset.Split.train, 60_000), (.test, 10_000)] {
      let data = try IDXCollection.fashionMNIST.load(split, roots: [InstalledFashionMNIST.root])
      #expect((data.count, data.classes) == (count, 10))
      #expect(data.shape == .init(channels: 1, height: 28, width: 28))
      #expect(
        data.labels.reduce(into: [:]) { $0[$1, default: 0] += 1 }
          == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, count / 10) }))
    }
  }

  @Test("Mean 0.2860 and deviation 0.3530 over all training pixels; it starts with an ankle boot")
  func statistics() throws {
    let data = try IDXCollection.fashionMNIST.load(.train, roots: [InstalledFashionMNIST.root])
    #expect(data.classNames[data.labels[0]] == "Ankle boot")
    var sum = 0.0
    var squares = 0.0
    for start in stride(from: 0, to: data.count, by: 10_000) {
      let images = data.images(at: start..<start + 10_000)
      sum += images.converted(to: .float64).sum().item()
      squares += (images * images).converted(to: .float64).sum().item()
    }
    let pixels = Double(data.count * data.shape.count)
    let mean = sum / pixels
    #expect(abs(mean - 0.2860) < 1e-4)
    #expect(abs((squares / pixels - mean * mean).squareRoot() - 0.3530) < 1e-4)
  }
}
