using System.Text.Json.Nodes;
using Atoll.Node.Images;

namespace Atoll.Host.Runtimes;

/// <summary>An image with one damage, until it is disposed of.</summary>
internal sealed class DamagedImage : IDisposable
{
    private readonly string _manifest;
    private readonly string _text;
    private readonly string _pages;
    private Action _mend = () => { };

    public DamagedImage(string directory, string damage)
    {
        (_manifest, _pages) = (Path.Combine(directory, ImageManifest.FileName), Path.Combine(directory, "pages.img"));
        _text = File.ReadAllText(_manifest);
        switch (damage)
        {
            case "format":
                Rewrite("format", ImageManifest.CurrentFormat + 1);
                break;
            case "runtime":
                Rewrite("runtime", "gvisor, runsc version 0.0~later");
                break;
            case "template":
                Rewrite("template", "tpl-00000000000000000000");
                break;
            case "agent":
                Rewrite("agent", new string('0', 64));
                break;
            case "manifest":
                File.WriteAllText(_manifest, _text[..^20]);
                break;
            case "missing":
                File.Move(_pages, _pages + ".away");
                _mend = () => File.Move(_pages + ".away", _pages);
                break;
            case "byte":
                Flip();
                _mend = Flip;
                break;
            case "longer":
                long length = new FileInfo(_pages).Length;
                Resize(length + 1);
                _mend = () => Resize(length);
                break;
            default:
                throw new ArgumentException(damage);
        }
    }

    public void Dispose()
    {
        _mend();
        File.WriteAllText(_manifest, _text);
    }

    private void Rewrite(string field, JsonNode value)
    {
        JsonNode manifest = JsonNode.Parse(_text)!;
        manifest[field] = value;
        File.WriteAllText(_manifest, manifest.ToJsonString());
    }

    private void Resize(long length)
    {
        using FileStream pages = File.OpenWrite(_pages);
        pages.SetLength(length);
    }

    private void Flip()
    {
        using FileStream pages = File.Open(_pages, FileMode.Open);
        pages.Position = pages.Length / 2;
        int value = pages.ReadByte();
        pages.Position--;
        pages.WriteByte((byte)(value ^ 1));
    }
}
