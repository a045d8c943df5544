namespace Atoll.Protocol;

/// <summary>The numeric promises of the wire, the same on both sides (docs/contracts/agent-protocol.md).</summary>
public static class ProtocolLimits
{
    /// <summary>The newest generation that this build speaks; the lower side of a hello wins.</summary>
    public const uint Generation = 1;

    /// <summary>The port on which an agent listens in its sandbox.</summary>
    public const int DefaultPort = 1023;

    /// <summary>Bytes of payload in one frame.</summary>
    public const int MaxPayload = 64 * 1024;

    /// <summary>Bytes of a message that the host may send in parts.</summary>
    public const int MaxMessage = 2 * 1024 * 1024;

    /// <summary>Bytes of a message before the hello has been accepted.</summary>
    public const int MaxHello = 256;

    /// <summary>What every Output and Dropped frame costs of a stream's credit on top of its data.</summary>
    public const int FrameCost = 32;

    /// <summary>Bytes of data in one Output frame.</summary>
    public const int MaxOutput = 32 * 1024;

    /// <summary>Bytes of data in one WriteInput message.</summary>
    public const int MaxInput = 32 * 1024;

    /// <summary>Bytes of a process's arguments that the agent keeps for List; the rest is cut off.</summary>
    public const int MaxListedArguments = 32 * 1024;

    /// <summary>Bytes of a process's own environment that the agent keeps for List; variables that do not fit are left out.</summary>
    public const int MaxListedEnvironment = 24 * 1024;

    /// <summary>Processes that run at a time, and ended ones that are kept.</summary>
    public const int MaxProcesses = 4096;

    public const int MaxEnded = 64;

    /// <summary>Bytes of all pages of a list together.</summary>
    public const int MaxListing = 32 * 1024 * 1024;

    /// <summary>Bytes of output kept for one process, at least and at most.</summary>
    public const int MinOutputCapacity = 4 * 1024;

    public const int MaxOutputCapacity = 8 * 1024 * 1024;

    /// <summary>Bytes of credit that one direction of a byte stream can have.</summary>
    public const int MaxCredit = int.MaxValue;

    public const int MaxPath = 4095;
    public const int MaxName = 256;

    /// <summary>Bytes of a symbolic link's target: what is not UTF-8 takes three times the room.</summary>
    public const int MaxLinkTarget = 3 * 4096;

    /// <summary>Bytes of a file's metadata, names and values together; the rest is not told.</summary>
    public const int MaxMetadata = 16 * 1024;

    /// <summary>Files that can be put together at once.</summary>
    public const int MaxComposed = 1000;

    /// <summary>Bytes of a file that the host may send before the agent has given more credit.</summary>
    public const int WriteWindow = 256 * 1024;

    public const int MaxErrorMessage = 1024;
    public const int MaxArguments = 16 * 1024;
    public const int MaxVariables = 4 * 1024;
    public const int MaxHostname = 64;
    public const int MaxEntropy = 512;
    public const int MaxBootFiles = 32;
    public const int MaxBootFile = 64 * 1024;
}
