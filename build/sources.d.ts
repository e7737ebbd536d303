export declare const TEMPLATE_SOURCES: readonly string[];
export declare const BUILD_SOURCES: readonly string[];
export declare function isCurrent(root: string, stamp: string, sources: readonly string[]): boolean;
export declare function writeStamp(root: string, stamp: string, sources: readonly string[]): void;
export declare function removeStamp(root: string, stamp: string): void;
