using Microsoft.Extensions.Logging;

namespace Atoll.Control.Recovery;

/// <summary>Knows whether the machine was rebooted since the server last started: the kernel names each boot, and the last name is kept in a file.</summary>
internal sealed partial class BootRecord(ControlOptions options, ILogger<BootRecord> log)
{
    private readonly string _path = Path.Combine(options.DataDirectory, "boot");

    /// <summary>False also when there was no start before.</summary>
    public bool IsAnother => File.Exists(_path) && File.ReadAllText(_path) != options.BootId;

    /// <summary>Keeps the name of this boot. Without room on the disk the next start may give a reboot as a reason that was none.</summary>
    public void Remember()
    {
        try
        {
            File.WriteAllText(_path, options.BootId);
        }
        catch (IOException e)
        {
            LogNotKept(e, _path);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} could not be written: a later loss of sandboxes may be put down to a reboot")]
    private partial void LogNotKept(Exception e, string path);
}
