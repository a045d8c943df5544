using System.Text;

namespace Atoll.Host.Templates;

/// <summary>Archives that no honest tar makes.</summary>
internal sealed class HostileTar
{
    private const int Block = 512;
    private readonly MemoryStream _bytes = new();

    public HostileTar File(string name, string content) => Add(name, '0', "", content.Length, Encoding.ASCII.GetBytes(content));

    public HostileTar Symlink(string name, string target) => Add(name, '2', target, 0, []);

    public HostileTar Hardlink(string name, string target) => Add(name, '1', target, 0, []);

    public HostileTar Directory(string name) => Add(name, '5', "", 0, []);

    /// <summary>The machine's first disk.</summary>
    public HostileTar BlockDevice(string name) => Add(name, '4', "", 0, []);

    /// <summary>/dev/null.</summary>
    public HostileTar CharacterDevice(string name) => Add(name, '3', "", 0, []);

    /// <summary>A file that says that it is longer than what is there of it.</summary>
    public HostileTar Claimed(string name, long length) => Add(name, '0', "", length, []);

    public Stream End()
    {
        _bytes.Write(new byte[2 * Block]);
        _bytes.Position = 0;
        return _bytes;
    }

    private HostileTar Add(string name, char type, string link, long length, byte[] content)
    {
        byte[] header = new byte[Block];
        Put(header, 0, name);
        Put(header, 100, "0004755");
        Put(header, 108, "0000000");
        Put(header, 116, "0000000");
        Put(header, 124, Octal(length, 11));
        Put(header, 136, Octal(1_700_000_000, 11));
        Put(header, 148, "        ");
        header[156] = (byte)type;
        Put(header, 157, link);
        Put(header, 257, "ustar");
        Put(header, 263, "00");
        Put(header, 329, type == '4' ? "0000376" : "0000001");
        Put(header, 337, type == '4' ? "0000000" : "0000003");
        Put(header, 148, Octal(header.Sum(one => (int)one), 6) + "\0 ");
        _bytes.Write(header);
        _bytes.Write(content);
        _bytes.Write(new byte[(Block - content.Length % Block) % Block]);
        return this;
    }

    private static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0');

    private static void Put(byte[] header, int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(header, at);
}
