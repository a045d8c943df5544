namespace Atoll.Protocol.Frames;

/// <summary>What a frame carries. The numbers are the wire's; docs/contracts/agent-protocol.md lists them with their fields.</summary>
public enum MessageType : byte
{
    Hello = 1,
    HelloOk = 2,
    Error = 3,
    Ok = 4,
    Ping = 5,
    Pong = 6,
    Part = 7,
    Configure = 8,
    StartProcess = 16,
    Started = 17,
    Attach = 18,
    Output = 19,
    Dropped = 20,
    Exited = 21,
    Credit = 22,
    Detach = 23,
    Signal = 24,
    List = 25,
    Processes = 26,
    Forget = 27,
    WriteInput = 28,
    CloseInput = 29,
    Resize = 30,
    Data = 32,
    Window = 33,
    EndOfData = 34,
    OpenTunnel = 36,
    TunnelOpened = 37,
}
