/*
 * Where the value of a session is kept: nowhere but in what the system encrypts for this app, on this device, and out of
 * backups. Never AsyncStorage, localStorage, a plain file, a log or a crash report.
 */
export interface SecretStore {
  read(name: string): Promise<string | null>;
  /** What it was given is there after a crash, too, when this resolves; before, the old value is. */
  write(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** One act at a time among all processes that share the store, ended by the death of one. Only if there are several. */
  exclusive?<T>(act: () => Promise<T>): Promise<T>;
}

/**
 * React Native: import * as SecureStore from 'expo-secure-store'. Keychain on iOS, Keystore on Android. "After first unlock":
 * a push may wake the app while the phone is locked. "This device only": a restored backup must not be a second device.
 * (react-native-keychain: ACCESSIBLE.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY.) iOS keeps the Keychain when an app is deleted:
 * at the first start of an installation remove() what is there.
 */
export function secureStore(module: {
  AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: number;
  getItemAsync(key: string, options?: object): Promise<string | null>;
  setItemAsync(key: string, value: string, options?: object): Promise<void>;
  deleteItemAsync(key: string, options?: object): Promise<void>;
}): SecretStore {
  const options = { keychainAccessible: module.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY };
  return {
    read: (name) => module.getItemAsync(name, options),
    write: (name, value) => module.setItemAsync(name, value, options),
    remove: (name) => module.deleteItemAsync(name, options),
  };
}

/** What of Electron's safeStorage and of node:fs/promises is used. */
export interface SafeStorage {
  isAsyncEncryptionAvailable(): Promise<boolean>;
  getSelectedStorageBackend?(): string;
  encryptStringAsync(text: string): Promise<Uint8Array>;
  decryptStringAsync(bytes: any): Promise<{ result: string }>;
}
export interface Files {
  readFile(path: string): Promise<Uint8Array>;
  open(path: string, flags: string, mode: number): Promise<{ writeFile(data: Uint8Array): Promise<void>; sync(): Promise<void>; close(): Promise<void> }>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
}

/**
 * Electron: the main process, after app's "ready"; folder: app.getPath('userData'). Windows ask the main process by IPC, and
 * no value of a session goes to them. With app.requestSingleInstanceLock() there is one process, and no need of exclusive.
 */
export function electronStore(safeStorage: SafeStorage, files: Files, folder: string): SecretStore {
  const place = (name: string) => `${folder}/${name}.secret`;
  const must = async () => {
    // On Linux without a key ring it would "encrypt" with a password that everybody knows.
    if (!await safeStorage.isAsyncEncryptionAvailable() || safeStorage.getSelectedStorageBackend?.() === 'basic_text') {
      throw new Error('This computer has no key store: sign in anew at every start.');
    }
  };
  return {
    async read(name) {
      const bytes = await files.readFile(place(name)).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
        return null;
      });
      return bytes && (await safeStorage.decryptStringAsync(bytes)).result;
    },
    // Beside it, to the disk, then in its place in one step: whoever is killed has the old value or the new one.
    async write(name, value) {
      await must();
      const bytes = await safeStorage.encryptStringAsync(value);
      const file = await files.open(`${place(name)}.new`, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await files.rename(`${place(name)}.new`, place(name));
    },
    remove: (name) => files.rm(place(name), { force: true }),
  };
}
