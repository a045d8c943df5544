using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Linux;

public sealed class SparseFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-test-sparse").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string At(string name) => Path.Combine(_directory, name);

    [Fact]
    public void A_copy_is_equal_and_its_holes_stay_holes()
    {
        const long Length = 1L << 32;
        byte[] data = [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)];
        using (var file = File.OpenHandle(At("from"), FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, Length);
            RandomAccess.Write(file, data, 0);
            RandomAccess.Write(file, data, 1L << 31);
        }

        Assert.InRange(SparseFiles.Copy(At("from"), At("to")), 0, 1 << 20);
        using var copy = File.OpenHandle(At("to"));
        Assert.Equal(Length, RandomAccess.GetLength(copy));
        foreach (long offset in (long[])[0, 1L << 31])
        {
            byte[] got = new byte[data.Length];
            RandomAccess.Read(copy, got, offset);
            Assert.Equal(data, got);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public void A_file_that_is_all_hole_is_copied(long length)
    {
        using (var file = File.OpenHandle(At("from"), FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, length);
        }

        Assert.Equal(0, SparseFiles.Copy(At("from"), At("to")));
        Assert.Equal(length, new FileInfo(At("to")).Length);
    }

    [Fact]
    public void A_target_that_exists_is_left_alone()
    {
        File.WriteAllText(At("from"), "new");
        File.WriteAllText(At("to"), "old");
        Assert.ThrowsAny<IOException>(() => SparseFiles.Copy(At("from"), At("to")));
        Assert.Equal("old", File.ReadAllText(At("to")));
    }
}
