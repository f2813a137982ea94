import Foundation
import TestSupport
import Testing
import Torch

@testable import Datasets

/// Against torchtoolbox 0.1.8.2, which the release was trained with.
@Suite struct CutoutFixtureTests {
  let file: SafetensorsFile

  init() throws { file = try Fixture.load("cutout.safetensors") }

  private func numbers(_ name: String) throws -> [Int] {
    try #require(file.tensors[name]).scalars(of: Int64.self).map(Int.init)
  }

  @Test func `a given rectangle and level paint what Pillow paints: the level, 0 and 0`() throws {
    let shape = ImageDataset.Shape(channels: 3, height: 13, width: 13)
    let image = try numbers("image")
    let rectangles = try numbers("rectangles")
    let painted = try numbers("painted")
    #expect(rectangles.count == 25 && painted.count == 5 * shape.count)
    for (index, start) in stride(from: 0, to: rectangles.count, by: 5).enumerated() {
      let hole = Cutout.Rectangle(
        top: rectangles[start], left: rectangles[start + 1], height: rectangles[start + 2],
        width: rectangles[start + 3])
      let level = Float(rectangles[start + 4]) / 255
      var pixels = image.map { Float($0) / 255 }
      var random = SplitMix64(seed: 1)
      pixels.withUnsafeMutableBufferPointer {
        Cutout.released.paint(hole, level: level, on: $0, shape: shape, using: &random)
      }
      let expected = painted[index * shape.count..<(index + 1) * shape.count]
      #expect(pixels == expected.map { Float($0) / 255 }, "\(hole)")
      #expect(hole.height * hole.width > 0 && pixels != image.map { Float($0) / 255 })
    }
  }

  @Test func `share and aspect give the sides that they give there`() throws {
    let draws = try #require(file.tensors["draws"]).scalars(of: Double.self)
    let sides = try numbers("sides")
    #expect(draws.count == sides.count && draws.count >= 800)
    for index in stride(from: 0, to: draws.count, by: 2) {
      let found = Cutout.sides(
        share: draws[index], ratio: draws[index + 1], in: CIFARLayout.shape)
      #expect(found == (sides[index], sides[index + 1]))
    }
  }

  struct Distribution: Decodable {
    let calls, applied: Int
    let areaMean, areaDeviation, aspectMean, aspectDeviation: Double
    let leftMean, leftDeviation, topMean, topDeviation: Double
  }

  @Test func `rectangles are distributed as there`() throws {
    let json = try #require(file.metadata["distribution"])
    let theirs = try JSONDecoder().decode(Distribution.self, from: Data(json.utf8))
    var random = SplitMix64(seed: 11)
    let calls = 40_000
    let mine = (0..<calls).compactMap { _ in
      Cutout.released.rectangle(in: CIFARLayout.shape, using: &random)
    }
    // Five standard errors of the difference of two samples.
    let shares = [
      Double(theirs.applied) / Double(theirs.calls), Double(mine.count) / Double(calls),
    ]
    let shareError = (0.25 / Double(theirs.calls) + 0.25 / Double(calls)).squareRoot()
    #expect(abs(shares[0] - shares[1]) <= 5 * shareError)
    let relative = (1 / Double(theirs.applied) + 1 / Double(mine.count)).squareRoot()
    func check(_ name: String, _ mean: Double, _ deviation: Double, _ values: [Double]) {
      let found = values.reduce(0, +) / Double(values.count)
      let spread =
        (values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)).squareRoot()
      #expect(abs(found - mean) <= 5 * relative * deviation, "\(name): \(found), not \(mean)")
      // σ's error is σ √((κ − 1) / 4n), and no kurtosis here is above 5.
      #expect(abs(spread - deviation) <= 5 * relative * deviation, "\(name): ± \(spread)")
    }
    check("area", theirs.areaMean, theirs.areaDeviation, mine.map { Double($0.height * $0.width) })
    check(
      "aspect", theirs.aspectMean, theirs.aspectDeviation,
      mine.map { Double($0.height) / Double($0.width) })
    check("left", theirs.leftMean, theirs.leftDeviation, mine.map { Double($0.left) })
    check("top", theirs.topMean, theirs.topDeviation, mine.map { Double($0.top) })
  }
}
