using System.Text;

namespace Atoll.Sdk.Http;

/// <summary>One server-sent event.</summary>
/// <param name="Name">Its type.</param>
/// <param name="Id">Its own id, which a reconnect sends as <c>Last-Event-ID</c>; null when it has none.</param>
/// <param name="Data">Its data; valid until the next event is read.</param>
internal readonly record struct ServerEvent(string Name, string? Id, ReadOnlyMemory<byte> Data);

/// <summary>
/// Reads server-sent events (WHATWG HTML, section 9.2) from a byte stream as they come. Memory is bounded by the
/// largest event that it accepts.
/// </summary>
internal sealed class EventReader(Stream stream, int maxEvent = EventReader.DefaultMaxEvent)
{
    public const int DefaultMaxEvent = 8 * 1024 * 1024;

    private readonly MemoryStream _data = new();
    private byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next event; null when the stream ended. A half event at the end is not reported.</summary>
    /// <exception cref="ProtocolException">An event is larger than the limit.</exception>
    public async ValueTask<ServerEvent?> ReadAsync(CancellationToken cancellation)
    {
        _data.SetLength(0);
        string name = "message";
        string? id = null;
        bool any = false;
        while (await ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
            {
                if (any)
                {
                    return new ServerEvent(name, id, Data());
                }
                (name, id) = ("message", null);
                continue;
            }
            (string field, ReadOnlyMemory<byte> value) = Split(line);
            switch (field)
            {
                case "event":
                    name = Encoding.UTF8.GetString(value.Span);
                    break;
                case "data":
                    Append(value.Span);
                    any = true;
                    break;
                case "id" when !value.Span.Contains((byte)0):
                    id = Encoding.UTF8.GetString(value.Span);
                    break;
            }
        }
        return null;
    }

    /// <summary>The data without the line feed that each line of it left behind.</summary>
    private ReadOnlyMemory<byte> Data() => _data.GetBuffer().AsMemory(0, (int)_data.Length - 1);

    private void Append(ReadOnlySpan<byte> value)
    {
        if (_data.Length + value.Length > maxEvent)
        {
            throw TooLarge();
        }
        _data.Write(value);
        _data.WriteByte((byte)'\n');
    }

    private static (string Field, ReadOnlyMemory<byte> Value) Split(ReadOnlyMemory<byte> line)
    {
        int colon = line.Span.IndexOf((byte)':');
        if (colon < 0)
        {
            return (Encoding.UTF8.GetString(line.Span), default);
        }
        ReadOnlyMemory<byte> value = line[(colon + 1)..];
        bool padded = value.Length > 0 && value.Span[0] == (byte)' ';
        return (Encoding.UTF8.GetString(line.Span[..colon]), padded ? value[1..] : value);
    }

    /// <summary>A line without its end, valid until the next call; null at the end of the stream.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellation)
    {
        for (int scanned = 0; ;)
        {
            int feed = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                int length = scanned + feed;
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
                _start += length + 1;
                return length > 0 && line.Span[^1] == (byte)'\r' ? line[..^1] : line;
            }
            scanned = _end - _start;
            MakeRoom();
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }
            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length > maxEvent)
            {
                throw TooLarge();
            }
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }

    private ProtocolException TooLarge() => new($"the server sent an event of more than {maxEvent} bytes");
}
