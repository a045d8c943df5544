using System.Net;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Connections;

namespace Atoll.Server.Edge;

/// <summary>
/// Opens a port of the range for each sandbox. Goes around the range, so that a port that was given back rests as long as
/// can be before another sandbox has it; ports that other programs hold are passed over.
/// </summary>
internal sealed class SandboxPorts(EdgeSockets sockets, IPAddress address, PortRange range) : ISandboxAddresses, IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<SandboxId, (int Port, IConnectionListener Listener)> _open = [];
    private int _next = Random.Shared.Next(range.Count);

    public async Task<int?> OpenAsync(SandboxId id, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_open.TryGetValue(id, out (int Port, IConnectionListener) has))
            {
                return has.Port;
            }

            for (int tried = 0; tried < range.Count; tried++)
            {
                int port = range.First + _next;
                _next = (_next + 1) % range.Count;
                if (await TryListenAsync(id, port, cancellation))
                {
                    return port;
                }
            }
        }
        finally
        {
            _turn.Release();
        }

        throw new Fault(
            FaultCode.NoCapacity, $"all ports for sandboxes, {range}, are taken: end some, or let the operator give `--sandbox-ports` a wider range").AsException();
    }

    public async Task<bool> TryReopenAsync(SandboxId id, int port, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return range.Contains(port) && !_open.ContainsKey(id) && await TryListenAsync(id, port, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task CloseAsync(SandboxId id)
    {
        await _turn.WaitAsync();
        try
        {
            if (_open.Remove(id, out (int, IConnectionListener Listener) had))
            {
                await had.Listener.DisposeAsync();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SandboxId id in _open.Keys.ToArray())
        {
            await CloseAsync(id);
        }
    }

    private async Task<bool> TryListenAsync(SandboxId id, int port, CancellationToken cancellation)
    {
        try
        {
            _open[id] = (port, await sockets.ListenAsync(new IPEndPoint(address, port), id, cancellation));
            return true;
        }
        catch (Exception e) when (e is AddressInUseException or SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            return false;
        }
    }
}
