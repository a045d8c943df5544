namespace Atoll.Api.DataPlane.Transfer;

/// <summary>Tells how many bytes were read through it.</summary>
internal sealed class CountingStream(Stream inner, Action<int> read) : ReadingStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        read(count);
        return count;
    }
}
