using System.Buffers;
using System.Net;
using System.Runtime.InteropServices;

namespace ActorSocket.EventLoops;

/// <summary>What an event loop asks of Linux. All calls are blittable; the numbers are those of x64 and arm64.</summary>
internal static unsafe partial class Libc
{
    public const uint ReadReady = 0x1;
    public const uint WriteReady = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;
    public const uint PeerEnded = 0x2000;

    public const int ControlAdd = 1;
    public const int ControlDelete = 2;
    public const int ControlModify = 3;

    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoMemory = 12;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int ConnectionAborted = 103;
    public const int NoBuffers = 105;

    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int ShutdownBoth = 2;
    private const int SocketLevel = 1;
    private const int Linger = 13;
    private const int InterNetwork = 2;
    private const int InterNetworkV6 = 10;
    private const int AddressSize = 28;
    private const int MaxPieces = 64;
    private const int ThreadClock = 6; // CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED

    /// <summary><c>struct epoll_event</c> is packed on x64 only.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static int NewEpoll() => Checked(epoll_create1(CloseOnExec), "epoll_create1");

    public static int NewEvent() => Checked(eventfd(0, NonBlocking | CloseOnExec), "eventfd");

    public static int Wait(int epoll, byte* events, int count) => epoll_wait(epoll, events, count, -1);

    public static uint EventsOf(byte* e) => *(uint*)e;

    public static int DescriptorOf(byte* e) => *(int*)(e + EventSize - sizeof(long));

    /// <summary>False when the kernel refuses; <see cref="LastError"/> says why.</summary>
    public static bool Control(int epoll, int operation, int descriptor, uint events)
    {
        var e = stackalloc byte[16];
        *(uint*)e = events;
        *(long*)(e + EventSize - sizeof(long)) = descriptor;
        return epoll_ctl(epoll, operation, descriptor, e) == 0;
    }

    public static void Signal(int descriptor)
    {
        ulong one = 1;
        _ = write(descriptor, &one, sizeof(ulong));
    }

    public static void Unsignal(int descriptor)
    {
        ulong value;
        _ = read(descriptor, &value, sizeof(ulong));
    }

    /// <summary>How many bytes; -1 for an error.</summary>
    public static int Receive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* at = buffer)
            return (int)recv(descriptor, at, buffer.Length, 0);
    }

    /// <summary>How many bytes; -1 for an error. Of many pieces as many as one call takes.</summary>
    public static int Send(int descriptor, ReadOnlySequence<byte> data)
    {
        if (!data.IsSingleSegment)
            return SendMany(descriptor, data);
        fixed (byte* at = data.FirstSpan)
            return (int)send(descriptor, at, data.FirstSpan.Length, NoSignal);
    }

    private static int SendMany(int descriptor, ReadOnlySequence<byte> data)
    {
        var pieces = stackalloc Piece[MaxPieces];
        Span<MemoryHandle> pinned = new MemoryHandle[MaxPieces];
        var count = 0;
        foreach (var memory in data)
        {
            if (count == MaxPieces)
                break;
            if (memory.IsEmpty)
                continue;
            pinned[count] = memory.Pin();
            pieces[count] = new Piece { At = pinned[count].Pointer, Length = memory.Length };
            count++;
        }
        var message = new Message { Pieces = pieces, Count = count };
        try
        {
            return (int)sendmsg(descriptor, &message, NoSignal);
        }
        finally
        {
            var error = LastError;
            for (var i = 0; i < count; i++)
                pinned[i].Dispose();
            Marshal.SetLastPInvokeError(error);
        }
    }

    /// <summary>A new descriptor, which does not block; -1 for an error.</summary>
    public static int Accept(int listening, out IPEndPoint? remote)
    {
        var address = stackalloc byte[AddressSize];
        var length = AddressSize;
        var descriptor = accept4(listening, address, &length, NonBlocking | CloseOnExec);
        remote = descriptor < 0 ? null : EndPointOf(address);
        return descriptor;
    }

    public static IPEndPoint? LocalEndPointOf(int descriptor)
    {
        var address = stackalloc byte[AddressSize];
        var length = AddressSize;
        return getsockname(descriptor, address, &length) == 0 ? EndPointOf(address) : null;
    }

    public static void Shutdown(int descriptor) => _ = shutdown(descriptor, ShutdownBoth);

    /// <summary>What it closes is reset: what was not sent yet is thrown away.</summary>
    public static void ResetOnClose(int descriptor)
    {
        var linger = stackalloc int[2] { 1, 0 };
        _ = setsockopt(descriptor, SocketLevel, Linger, linger, 2 * sizeof(int));
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Of the calling thread.</summary>
    public static int ThreadId() => (int)syscall(RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 186 : 178); // gettid

    /// <summary>What a thread of this process has used of processors, in nanoseconds; 0 when it is gone.</summary>
    public static long ProcessorTimeOf(int thread)
    {
        var time = stackalloc long[2];
        return clock_gettime((~thread << 3) | ThreadClock, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    /// <summary>Whether a thread of this process runs, or would if it had a processor; not whether it waits for something.</summary>
    public static bool IsRunnable(int thread)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/self/task/{thread}/stat"); // id (name) state …
            return stat[stat.LastIndexOf(')') + 2] == 'R';
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int Checked(int descriptor, string call) =>
        descriptor >= 0 ? descriptor : throw new IOException($"{call} failed: {Marshal.GetPInvokeErrorMessage(LastError)}.");

    private static IPEndPoint? EndPointOf(byte* address)
    {
        var port = (address[2] << 8) | address[3];
        return *(ushort*)address switch
        {
            InterNetwork => new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)), port),
            InterNetworkV6 => new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 8, 16), *(uint*)(address + 24)), port),
            _ => null,
        };
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* e);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int descriptor, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int descriptor, byte* data, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int descriptor, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int listening, byte* address, int* length, int flags);

    [LibraryImport("libc")]
    private static partial int getsockname(int descriptor, byte* address, int* length);

    [LibraryImport("libc")]
    private static partial int setsockopt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc")]
    private static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, void* buffer, nint length);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, void* data, nint length);

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public void* At;
        public nint Length;
    }

    /// <summary><c>struct msghdr</c>, of glibc and, with its zeros, of musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public int NameLength;
        public Piece* Pieces;
        public nint Count;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }
}
