import Testing

@testable import spikeguard_bench

@Suite struct ConvolutionWorkTests {
  @Test(arguments: [[3, 2, 5, 7], [1, 4, 1, 1], [2, 1, 2, 2], [2, 3, 4, 1]], [1, 3, 5])
  func `operations are two for every pair of a weight and a pixel that it meets`(
    input: [Int], kernel: Int
  ) {
    let outputs = 3
    let work = ConvolutionWork(input: input, weight: [outputs, input[1], kernel, kernel])
    let (height, width, reach) = (input[2], input[3], kernel / 2)
    var pairs = 0
    for y in 0..<height {
      for x in 0..<width {
        for dy in -reach...reach {
          for dx in -reach...reach
          where (0..<height).contains(y + dy) && (0..<width).contains(x + dx) {
            pairs += input[0] * input[1] * outputs
          }
        }
      }
    }
    #expect(work.operations == Double(2 * pairs))
    let all = input.reduce(1, *) * outputs * kernel * kernel
    #expect(work.paddedOperations == Double(2 * all))
  }
}
