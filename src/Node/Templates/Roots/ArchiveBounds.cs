using System.Formats.Tar;
using Atoll.Domain;

namespace Atoll.Node.Templates.Roots;

/// <summary>How much an archive, or the layers of an image together, may unpack to.</summary>
/// <param name="bytes">Of all files.</param>
internal sealed class ArchiveBounds(long bytes, int files = ArchiveBounds.MostFiles)
{
    public const int MostFiles = 2_000_000;
    private long _bytes;
    private int _files;

    /// <summary>Counts what is in one more archive, before anything of it is written.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.TooLarge"/>, or <see cref="FaultCode.InvalidArgument"/> for what is no archive.</exception>
    public async Task CountAsync(Stream archive, CancellationToken cancellation)
    {
        try
        {
            await using var reader = new TarReader(archive, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                _bytes += Math.Max(0, entry.Length);
                _files++;
                Check();
            }
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException or ArgumentException)
        {
            throw new FaultException(Fault.Invalid("image", $"an archive of it is damaged: {e.Message}"), e);
        }
    }

    private void Check()
    {
        if (_bytes > bytes)
        {
            throw TooLarge(bytes);
        }

        if (_files > files)
        {
            throw new Fault(FaultCode.TooLarge, $"the image holds more than {files} files").AsException();
        }
    }

    public static FaultException TooLarge(long limit) =>
        new Fault(FaultCode.TooLarge, $"the files are more than the {limit >> 20} MiB that are left for your templates: delete some, or leave files out").AsException();
}
